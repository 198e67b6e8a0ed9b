use core::future::Future;
use core::mem::take;
use core::pin::Pin;
use core::task::{Context, Poll, ready};
use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::AbortHandle;
use tokio::time::{Instant, Sleep, sleep};

use super::progress::Progress;

/// No handshake gives way before: a client that has just connected needs time to send its hello.
///
/// More would let stuck clients fill the queue of the system, in which all others wait.
const PATIENCE: Duration = Duration::from_millis(2);

/// How long the bound stays lowered after the system ran out of file descriptors.
const LOWERED_FOR: Duration = Duration::from_secs(10);
/// The lowest bound where descriptors run out. Below it, each arrival would end a handshake that
/// waits for its client.
const MIN_BOUND: usize = 8;

/// The handshakes under way, each in a task of its own. They end when this is dropped.
#[derive(Debug)]
pub(super) struct Handshakes<T> {
    bound: usize,
    /// A lower bound, and when it was set.
    lowered: Option<(usize, Instant)>,
    next: u64,
    /// By age. A handshake moves to the answered ones when its turn comes to give way.
    waiting: BTreeMap<u64, Handshake>,
    answered: BTreeMap<u64, Handshake>,
    /// Those that have given way and whose task has not ended yet.
    aborted: usize,
    patience: Option<Pin<Box<Sleep>>>,
    sender: UnboundedSender<Ended<T>>,
    /// Holds at most one entry for each handshake.
    ended: UnboundedReceiver<Ended<T>>,
}

#[derive(Debug)]
struct Handshake {
    begun: Instant,
    progress: Arc<Progress>,
    task: AbortHandle,
}

/// Why no handshake can give way now.
#[derive(Clone, Copy, Debug)]
enum Stays {
    /// The oldest ones have to run first: what they have received is not looked at yet.
    Busy,
    Young,
}

/// The end of a task; `None` if the handshake failed.
#[derive(Debug)]
struct Ended<T> {
    number: u64,
    result: Option<T>,
}

/// Reports the end of its task, also if that panics or is aborted.
struct EndGuard<T> {
    number: u64,
    result: Option<T>,
    sender: UnboundedSender<Ended<T>>,
}

impl<T: Send + 'static> Handshakes<T> {
    pub(super) fn new(bound: usize) -> Self {
        let (sender, ended) = unbounded_channel();
        Self {
            bound,
            lowered: None,
            next: 0,
            waiting: BTreeMap::new(),
            answered: BTreeMap::new(),
            aborted: 0,
            patience: None,
            sender,
            ended,
        }
    }

    pub(super) fn set_bound(&mut self, bound: usize) {
        self.bound = bound;
    }

    pub(super) fn begin(
        &mut self,
        progress: Arc<Progress>,
        handshake: impl Future<Output = Option<T>> + Send + 'static,
    ) {
        let number = self.next;
        self.next = number.wrapping_add(1);
        let guard = EndGuard {
            number,
            result: None,
            sender: self.sender.clone(),
        };
        let task = tokio::spawn(async move { guard.finish(handshake.await) });
        let handshake = Handshake {
            begun: Instant::now(),
            progress,
            task: task.abort_handle(),
        };
        self.waiting.insert(number, handshake);
    }

    /// Waits until a handshake ends. Returns its result, which is `None` if it failed.
    pub(super) fn poll_ended(&mut self, context: &mut Context<'_>) -> Poll<Option<T>> {
        // This keeps a sender, so the channel never ends.
        let Some(ended) = ready!(self.ended.poll_recv(context)) else {
            return Poll::Pending;
        };
        let waiting = self.waiting.remove(&ended.number);
        let known = waiting.or_else(|| self.answered.remove(&ended.number));
        if known.is_some() {
            return Poll::Ready(ended.result);
        }
        // If it succeeded in that moment, its stream is dropped, which is reported as its end.
        self.aborted = self.aborted.saturating_sub(1);
        Poll::Ready(None)
    }

    /// Waits until a handshake may begin, because there is room or an old one can give way.
    pub(super) fn poll_room(&mut self, context: &mut Context<'_>) -> Poll<()> {
        if self.aborted > self.bound() / 8 {
            // Their file descriptors are not free yet; `poll_ended` wakes the task.
            return Poll::Pending;
        }
        while self.is_full() {
            match self.next_to_go() {
                Ok(_) => break,
                Err(Stays::Busy) => {
                    // It runs next, or runs already.
                    context.waker().wake_by_ref();
                    return Poll::Pending;
                }
                Err(Stays::Young) => {}
            }
            let patience = self
                .patience
                .get_or_insert_with(|| Box::pin(sleep(PATIENCE)));
            ready!(patience.as_mut().poll(context));
            self.patience = None;
        }
        Poll::Ready(())
    }

    pub(super) fn len(&self) -> usize {
        self.waiting.len().saturating_add(self.answered.len())
    }

    pub(super) fn is_full(&self) -> bool {
        self.len() >= self.bound()
    }

    /// Whether handshakes that have given way still hold file descriptors.
    pub(super) fn frees(&self) -> bool {
        self.aborted > 0
    }

    /// Aborts the next handshake that has to give way. Returns whether there was one.
    pub(super) fn give_way(&mut self) -> bool {
        let Ok(number) = self.next_to_go() else {
            return false;
        };
        let waiting = self.waiting.remove(&number);
        let Some(handshake) = waiting.or_else(|| self.answered.remove(&number)) else {
            return false;
        };
        // Before its end, which reports why.
        handshake.progress.give_way();
        handshake.task.abort();
        self.aborted = self.aborted.saturating_add(1);
        true
    }

    /// Aborts the oldest quarter, at least one, and lowers the bound by as much for a time.
    pub(super) fn give_way_to_the_system(&mut self) {
        let goes = self.len().div_ceil(4);
        let stays = self.len().saturating_sub(goes);
        let floor = (self.bound / 16).max(MIN_BOUND);
        self.lowered = Some((stays.max(floor), Instant::now()));
        for _ in 0..goes {
            if !self.give_way() {
                break;
            }
        }
    }

    fn bound(&self) -> usize {
        match self.lowered {
            Some((bound, since)) if since.elapsed() < LOWERED_FOR => bound.min(self.bound),
            _ => self.bound,
        }
    }

    /// Returns the oldest handshake of the part that is too large.
    fn next_to_go(&mut self) -> Result<u64, Stays> {
        while let Some(oldest) = self.waiting.first_entry()
            && oldest.get().progress.is_answered()
        {
            let (number, handshake) = oldest.remove_entry();
            self.answered.insert(number, handshake);
        }
        let is_old = |handshake: &Handshake| handshake.begun.elapsed() >= PATIENCE;
        if self.answered.len() > self.bound() / 2 || self.waiting.is_empty() {
            let oldest = self.answered.first_key_value();
            let oldest = oldest.filter(|(_, handshake)| is_old(handshake));
            return oldest.map(|(number, _)| *number).ok_or(Stays::Young);
        }
        for (number, handshake) in &self.waiting {
            if !is_old(handshake) {
                return Err(Stays::Young);
            }
            if handshake.progress.is_waiting() {
                return Ok(*number);
            }
        }
        Err(Stays::Busy)
    }
}

impl<T> Drop for Handshakes<T> {
    fn drop(&mut self) {
        let all = take(&mut self.waiting).into_values();
        for handshake in all.chain(take(&mut self.answered).into_values()) {
            handshake.task.abort();
        }
    }
}

impl<T> EndGuard<T> {
    fn finish(mut self, result: Option<T>) {
        self.result = result;
    }
}

impl<T> Drop for EndGuard<T> {
    fn drop(&mut self) {
        // The listener may be gone.
        let _ = self.sender.send(Ended {
            number: self.number,
            result: self.result.take(),
        });
    }
}
