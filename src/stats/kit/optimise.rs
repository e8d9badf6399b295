//! One-dimensional search: roots of monotone functions and minima of unimodal ones.

/// Root of an increasing function, found by growing a bracket from `low` and bisecting to rounding.
pub(crate) fn root_increasing(f: impl Fn(f64) -> f64, low: f64, first: f64) -> f64 {
    let (mut low, mut high) = (low, first);
    for _ in 0..200 {
        if f(high) >= 0.0 {
            break;
        }
        low = high;
        high *= 2.0;
    }
    bisect(f, low, high)
}

/// Root of an increasing function inside [low, high].
pub(crate) fn bisect(f: impl Fn(f64) -> f64, mut low: f64, mut high: f64) -> f64 {
    for _ in 0..200 {
        let middle = 0.5 * (low + high);
        if middle <= low || middle >= high {
            break;
        }
        if f(middle) < 0.0 {
            low = middle
        } else {
            high = middle
        }
    }
    0.5 * (low + high)
}

/// Minimum of a unimodal function on [low, high] by golden section: (argument, value).
pub(crate) fn golden(
    f: impl Fn(f64) -> f64,
    mut low: f64,
    mut high: f64,
    tolerance: f64,
) -> (f64, f64) {
    let ratio = 0.5 * (5.0_f64.sqrt() - 1.0);
    let mut a = high - ratio * (high - low);
    let mut b = low + ratio * (high - low);
    let (mut fa, mut fb) = (f(a), f(b));
    while high - low > tolerance {
        if fa <= fb {
            high = b;
            (b, fb) = (a, fa);
            a = high - ratio * (high - low);
            fa = f(a);
        } else {
            low = a;
            (a, fa) = (b, fb);
            b = low + ratio * (high - low);
            fb = f(b);
        }
    }
    if fa <= fb { (a, fa) } else { (b, fb) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_root_and_minimum() {
        assert!((root_increasing(|x| x * x - 2.0, 0.0, 1.0) - 2.0_f64.sqrt()).abs() < 1e-15);
        assert!((golden(|x| (x - 0.3).powi(2), -1.0, 4.0, 1e-9).0 - 0.3).abs() < 1e-7);
    }
}
