//! Who may post: whoever knows the secret that an administrator enters in 3CX.

use std::hint::black_box;

use sha2::{Digest, Sha256};

use super::Verdict;

/// The header that the template sends it in.
pub const HEADER: &str = "X-Webhook-Secret";

const SHORTEST: usize = 16;

/// Why a secret is too weak.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weakness {
    /// It can be guessed.
    Short,
    /// It has a character that a header, or a template of 3CX, gives another meaning.
    Character,
}

/// What is wrong with a secret, if anything.
pub fn weakness(secret: &str) -> Option<Weakness> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~+/=".contains(&byte);
    if !secret.bytes().all(is_plain) {
        return Some(Weakness::Character);
    }
    (secret.len() < SHORTEST).then_some(Weakness::Short)
}

pub(super) fn check(secret: &str, given: Option<&str>) -> Result<(), Verdict> {
    if let Some(weakness) = weakness(secret) {
        return Err(Verdict::WeakSecret(weakness));
    }
    match given.filter(|given| !given.is_empty()) {
        None => Err(Verdict::NoSecret),
        Some(given) if is_same(secret, given) => Ok(()),
        Some(_) => Err(Verdict::WrongSecret),
    }
}

/// It takes the same time wherever the two differ.
fn is_same(one: &str, other: &str) -> bool {
    let (one, other) = (Sha256::digest(one), Sha256::digest(other));
    let difference = one.iter().zip(other).fold(0, |difference, (one, other)| black_box(difference | (one ^ other)));
    difference == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_secret_is_long_and_plain() {
        assert_eq!(weakness("0123456789abcdef"), None);
        assert_eq!(weakness("aB3-._~+/=aB3-._"), None);
        assert_eq!(weakness("0123456789abcde"), Some(Weakness::Short));
        for secret in
            ["with a blank in it.", "brackets-[Number]-in-it", "quotes\"quotes\"quotes", "ümlaut-ümlaut-ümlaut"]
        {
            assert_eq!(weakness(secret), Some(Weakness::Character), "{secret}");
        }
    }

    proptest! {
        #[test]
        fn only_the_secret_itself_is_let_in(secret in "[a-zA-Z0-9]{16,40}", other in "\\PC{0,40}") {
            prop_assert_eq!(check(&secret, Some(&secret)), Ok(()));
            prop_assert_eq!(check(&secret, Some(&other)).is_ok(), other == secret);
            for wrong in [&secret[1..], &secret[..15], &format!("{secret}a")] {
                prop_assert_eq!(check(&secret, Some(wrong)), Err(Verdict::WrongSecret));
            }
        }
    }
}
