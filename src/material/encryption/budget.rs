use crate::error::MaterialProblem;
use crate::material::key::PrivateKey;

/// The remaining cost that decrypting one input may have, for all its encrypted parts.
///
/// The input chooses the cost of a key derivation, so each cost is taken from the budget before it
/// runs.
pub(crate) struct Budget {
    rounds: u64,
    scrypt_work: u64,
}

impl Budget {
    pub(in crate::material) fn new() -> Self {
        Self {
            rounds: u64::from(PrivateKey::MAX_KDF_ITERATIONS),
            scrypt_work: PrivateKey::MAX_SCRYPT_WORK,
        }
    }

    /// Takes the iterations of one derivation.
    pub(in crate::material) fn take_rounds(
        &mut self,
        rounds: u64,
        unit: &'static str,
    ) -> Result<(), MaterialProblem> {
        let limit = u64::from(PrivateKey::MAX_KDF_ITERATIONS);
        let spent = limit.saturating_sub(self.rounds);
        self.rounds = self
            .rounds
            .checked_sub(rounds)
            .ok_or_else(|| too_costly(rounds, unit, spent, limit))?;
        Ok(())
    }

    /// Takes the bytes that one derivation by scrypt fills.
    pub(crate) fn take_scrypt_work(&mut self, work: u64) -> Result<(), MaterialProblem> {
        let limit = PrivateKey::MAX_SCRYPT_WORK;
        let spent = limit.saturating_sub(self.scrypt_work);
        self.scrypt_work = self
            .scrypt_work
            .checked_sub(work)
            .ok_or_else(|| too_costly(work, "bytes filled by scrypt", spent, limit))?;
        Ok(())
    }
}

fn too_costly(cost: u64, unit: &'static str, spent: u64, limit: u64) -> MaterialProblem {
    MaterialProblem::TooCostly {
        cost,
        unit,
        spent,
        limit,
    }
}
