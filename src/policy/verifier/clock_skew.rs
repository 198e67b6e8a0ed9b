//! Tolerance for peers whose clock is ahead of ours.

use core::time::Duration;

use pki_types::UnixTime;

use super::PeerVerifier;
use crate::policy::build_error::BuildError;
use crate::policy::setting_problem::SettingProblem;
use crate::policy::verification::VerificationTime;

impl PeerVerifier {
    /// The longest tolerance that [`clock_skew`](Self::clock_skew) accepts: 10 minutes.
    pub const MAX_CLOCK_SKEW: Duration = Duration::from_secs(600);

    /// Sets how far the clock of a peer or its CA may be ahead of ours, in whole seconds.
    ///
    /// A certificate (`notBefore`) or revocation list (`thisUpdate`) that begins at most so much
    /// later counts as begun. The ends (`notAfter`, `nextUpdate`) are never extended. The default
    /// is zero. The search for a path is made twice where a presented certificate needs it.
    ///
    /// ```
    /// # mod pki { include!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/common/doctest.rs")); }
    /// # let verifier = pki::verifier(mtls::VerifierPolicy::allow_any_authenticated());
    /// let verifier = verifier.clock_skew(std::time::Duration::from_secs(30))?;
    /// # Ok::<(), mtls::BuildError>(())
    /// ```
    ///
    /// # Errors
    /// [`BuildError::InvalidSetting`] above [`MAX_CLOCK_SKEW`](Self::MAX_CLOCK_SKEW).
    pub fn clock_skew(mut self, at_most: Duration) -> Result<Self, BuildError> {
        if at_most > Self::MAX_CLOCK_SKEW {
            return Err(BuildError::InvalidSetting {
                setting: "clock_skew",
                problem: SettingProblem::ClockSkewTooLong {
                    given: at_most,
                    limit: Self::MAX_CLOCK_SKEW,
                },
            });
        }
        self.clock_skew = at_most;
        Ok(self)
    }

    /// This time, with the tolerance.
    pub(crate) fn time(&self, now: UnixTime) -> VerificationTime {
        VerificationTime::new(now, self.clock_skew)
    }
}
