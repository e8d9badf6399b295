//! Algebra of terms: a set of atoms each, with union (`+`), crossing (`:`), `*` and powers.

use super::ast::Term;

/// More terms than this is a slip of the keyboard, not a model.
pub(crate) const MOST_TERMS: usize = 2000;

/// `a + b`: terms of `a`, then those of `b` that are new.
pub(crate) fn union(mut a: Vec<Term>, b: Vec<Term>) -> Vec<Term> {
    for term in b {
        if !a.contains(&term) {
            a.push(term);
        }
    }
    a
}

/// `a : b`: every term of `a` with every term of `b`. None when there would be too many.
pub(crate) fn cross(a: &[Term], b: &[Term]) -> Option<Vec<Term>> {
    if a.len().saturating_mul(b.len()) > MOST_TERMS {
        return None;
    }
    let mut out: Vec<Term> = Vec::with_capacity(a.len() * b.len());
    for left in a {
        for right in b {
            let mut term: Term = left.iter().chain(right).copied().collect();
            term.sort_unstable();
            term.dedup();
            if !out.contains(&term) {
                out.push(term);
            }
        }
    }
    Some(out)
}

/// `a * b` = `a + b + a:b`.
pub(crate) fn star(a: Vec<Term>, b: Vec<Term>) -> Option<Vec<Term>> {
    let crossed = cross(&a, &b)?;
    let all = union(union(a, b), crossed);
    (all.len() <= MOST_TERMS).then_some(all)
}

/// `(a)^n`: interactions of up to `n` of the terms.
pub(crate) fn power(a: Vec<Term>, n: usize) -> Option<Vec<Term>> {
    let mut out = a.clone();
    for _ in 1..n {
        let before = out.len();
        out = star(out, a.clone())?;
        if out.len() == before {
            break;
        }
    }
    Some(out)
}

/// Main effects first, as R orders them; otherwise as written.
pub(crate) fn order(mut terms: Vec<Term>) -> Vec<Term> {
    terms.sort_by_key(Vec::len);
    terms
}
