//! A client with a valid certificate, which must be served throughout.

use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{Scope, ScopedJoinHandle};

use crate::common::programs::{Program, run};
use crate::examples::{End, LIMIT, example};

/// curl, or our own client where there is none, which has been said aloud by then.
pub struct Regular {
    curl: Option<Program>,
    arguments: Vec<String>,
}

impl Regular {
    pub fn new(backend: &str, end: &End, port: u16) -> Self {
        let curl = Program::curl();
        let mut arguments = end.arguments();
        arguments.extend(["--data".to_owned(), "foo".to_owned()]);
        arguments.push(format!("https://localhost:{port}/"));
        let own = match curl {
            Some(_) => ["-q", "-sS"],
            None => ["--backend", backend],
        };
        arguments.splice(0..0, own.map(str::to_owned));
        Self { curl, arguments }
    }

    #[track_caller]
    pub fn call(&self) {
        let mut command: Command = match &self.curl {
            Some(curl) => curl.command(),
            None => example("client"),
        };
        let finished = run(command.args(&self.arguments), b"", LIMIT);
        assert_eq!(
            finished.stdout, "hello spiffe://prod.test/alice foo\n",
            "{finished:#?}"
        );
    }

    /// Calls again and again in a thread.
    pub fn calls_until_stopped<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
    ) -> Caller<'scope> {
        let enough = Arc::new(AtomicBool::new(false));
        let reported = enough.clone();
        let thread = scope.spawn(move || {
            let mut calls = 0;
            while !reported.load(Ordering::Relaxed) {
                self.call();
                calls += 1;
            }
            calls
        });
        Caller {
            stop: Stop(enough),
            thread,
        }
    }
}

pub struct Caller<'scope> {
    stop: Stop,
    thread: ScopedJoinHandle<'scope, u32>,
}

impl Caller<'_> {
    /// Ends the calls. How many were answered, all of them as they should be?
    pub fn stop(self) -> u32 {
        drop(self.stop);
        self.thread.join().unwrap()
    }
}

/// Told when it is dropped, or the thread would keep its scope waiting when an attack panics.
struct Stop(Arc<AtomicBool>);

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
