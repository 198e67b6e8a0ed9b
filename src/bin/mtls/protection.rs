//! The memory of the process, which may hold private keys.

use rustix::process::{Resource, Rlimit, setrlimit};

/// Keeps the memory out of core files, and on Linux closed to other processes of the same user.
///
/// Where the system denies it, the command still works: it asks for less than it may do now.
pub(crate) fn keep_memory_private() {
    let none = Rlimit {
        current: Some(0),
        maximum: Some(0),
    };
    let _ = setrlimit(Resource::Core, none);
    #[cfg(target_os = "linux")]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        let _ = set_dumpable_behavior(DumpableBehavior::NotDumpable);
    }
}
