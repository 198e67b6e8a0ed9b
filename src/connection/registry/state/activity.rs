use core::time::Duration;

/// What the thread does.
///
/// To wake it takes a system call and a change of threads, about as much CPU as a quarter of a
/// handshake. So it is woken only if it has to do something before it wakes by itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Activity {
    /// It looks at the state before it waits, or was woken.
    #[default]
    Works,
    /// It reads the clock when it wakes by itself.
    WaitsForTime,
    /// It would not read the clock in time for the next connection.
    WaitsForConnections,
}

impl Activity {
    /// What a wait of at most this long is; the clock is read every `tick`.
    pub(super) fn waiting(at_most: Option<Duration>, tick: Duration) -> Self {
        match at_most {
            Some(at_most) if at_most <= tick => Self::WaitsForTime,
            _ => Self::WaitsForConnections,
        }
    }

    /// Whether it has to be woken; it is asked to once.
    pub(super) fn has_to_wake(&mut self, has_connections: bool, is_pressing: bool) -> bool {
        let has_to_wake = match self {
            Self::Works => false,
            Self::WaitsForTime => is_pressing,
            Self::WaitsForConnections => is_pressing || has_connections,
        };
        if has_to_wake {
            *self = Self::Works;
        }
        has_to_wake
    }
}
