//! Hashes of the pieces of a text, by which secrets are found in it by one walk, however many there are.
//!
//! Two texts that share a hash would cost a few stars, so it need not be a strong one.

/// How long the pieces are that are compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Length {
    characters: usize,
    power: u64,
}

impl Length {
    pub(crate) fn new(characters: usize) -> Self {
        Self { characters, power: (0..characters).fold(1, |power, _| power.wrapping_mul(BASE)) }
    }

    pub(crate) fn characters(self) -> usize {
        self.characters
    }
}

/// The hash of all characters up to each of them, from which those of all pieces come.
pub(crate) struct Sums(Vec<u64>);

impl Sums {
    pub(crate) fn of(characters: impl Iterator<Item = char>) -> Self {
        let mut sums = vec![0];
        let mut hash = 0;
        for character in characters {
            hash = next(hash, character);
            sums.push(hash);
        }
        Self(sums)
    }

    /// The hash of the piece that begins there, unless the text ends before.
    pub(crate) fn piece(&self, at: usize, length: Length) -> Option<u64> {
        let end = self.0.get(at + length.characters)?;
        Some(end.wrapping_sub(self.0[at].wrapping_mul(length.power)))
    }

    /// Those of all pieces.
    pub(crate) fn pieces(&self, length: Length) -> impl Iterator<Item = u64> {
        (0..self.0.len()).map_while(move |at| self.piece(at, length))
    }
}

/// The hash of a whole text.
pub(crate) fn print(characters: impl IntoIterator<Item = char>) -> u64 {
    characters.into_iter().fold(0, next)
}

fn next(hash: u64, character: char) -> u64 {
    hash.wrapping_mul(BASE).wrapping_add(u64::from(u32::from(character)))
}

const BASE: u64 = 0x9e37_79b9_7f4a_7c15;
