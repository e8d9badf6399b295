//! A seeded random stream per replicate: the stream of replicate i depends on (seed, i) and nothing else, so a
//! bootstrap gives the same draws on one thread or on many.
//!
//! Generator: SplitMix64 (Steele, Lea and Flood 2014), whose state is a counter, which is what makes jumping to replicate i free.

/// One random stream.
#[derive(Debug, Clone)]
pub(crate) struct Stream {
    state: u64,
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

impl Stream {
    /// The stream of one replicate of one seeded run.
    pub(crate) fn new(seed: u64, replicate: u64) -> Self {
        let state = mix(mix(seed.wrapping_add(0x9E37_79B9_7F4A_7C15))
            ^ replicate.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        Self { state }
    }

    /// Sixty-four random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.state)
    }

    /// Uniform on the open interval (0, 1).
    pub(crate) fn uniform(&mut self) -> f64 {
        ((self.bits() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    /// Uniform on 0..n without modulo bias (Lemire 2019).
    pub(crate) fn below(&mut self, n: usize) -> usize {
        let n = n as u64;
        loop {
            let wide = u128::from(self.bits()) * u128::from(n);
            if (wide as u64) >= n.wrapping_neg() % n {
                return (wide >> 64) as usize;
            }
        }
    }

    /// Standard normal, by inversion.
    pub(crate) fn normal(&mut self) -> f64 {
        crate::dist::normal_quantile(self.uniform())
    }

    /// Random permutation in place (Fisher–Yates).
    pub(crate) fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Stream;

    #[test]
    fn replicates_are_reproducible_and_differ() {
        let draw = |seed, i| Stream::new(seed, i).bits();
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn normal_draws_have_unit_variance() {
        let mut s = Stream::new(5, 0);
        let n = 40_000;
        let (mut m, mut v) = (0.0, 0.0);
        for _ in 0..n {
            let z = s.normal();
            m += z;
            v += z * z;
        }
        assert!((m / f64::from(n)).abs() < 0.02 && (v / f64::from(n) - 1.0).abs() < 0.03);
    }

    #[test]
    fn below_is_roughly_uniform() {
        let mut s = Stream::new(9, 1);
        let mut counts = [0usize; 7];
        for _ in 0..14_000 {
            counts[s.below(7)] += 1;
        }
        assert!(counts.iter().all(|&c| c > 1_800 && c < 2_200), "{counts:?}");
    }
}
