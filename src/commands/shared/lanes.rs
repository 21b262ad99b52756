//! Threads that download side by side, each with connections of its own.
//!
//! Requests for small files cost more time on a processor than on the network. Threads that shared
//! connections would wake each other for every one of them, which costs as much again.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use futures::StreamExt as _;
use futures::future::{BoxFuture, FutureExt as _};
use futures::stream::FuturesUnordered;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::{mpsc, oneshot};

use crate::client::Client;
use crate::context::{PUTTING_IN_ORDER, WRITING_THREADS};
use crate::error::{Error, Result};

/// So many files at once are no work for another thread.
const FEW: usize = 32;
/// Threads beyond this find a network or a disk that is busy.
const MOST: usize = 4;

type Job = BoxFuture<'static, ()>;

/// The thread that waits for all, and others that are started when there is enough to do.
pub(super) struct Lanes {
    client: Client,
    /// What this thread has to do: it is held once, and once more for each job.
    load: Arc<()>,
    others: Mutex<Vec<Lane>>,
    most: usize,
}

struct Lane {
    client: Client,
    jobs: mpsc::UnboundedSender<Job>,
    load: Arc<()>,
    thread: JoinHandle<()>,
}

/// Who is to do something.
struct Turn {
    client: Client,
    /// Where to send it; nowhere when it is this thread's turn.
    jobs: Option<mpsc::UnboundedSender<Job>>,
    /// Counts as work until it is dropped.
    _load: Arc<()>,
}

impl Lanes {
    /// Only this thread, for now.
    pub(super) fn new(client: &Client) -> Self {
        let most = thread::available_parallelism().map_or(1, usize::from).min(MOST);
        Self { client: client.clone(), load: Arc::default(), others: Mutex::default(), most }
    }

    /// Does what `work` makes of a client: here, or on another thread with the connections of that one.
    ///
    /// # Errors
    /// Those of the work; when the system gives no thread.
    pub(super) async fn run<T, Work>(&self, work: impl FnOnce(Client) -> Work) -> Result<T>
    where
        T: Send + 'static,
        Work: Future<Output = Result<T>> + Send + 'static,
    {
        let Turn { client, jobs, _load } = self.next()?;
        let work = work(client);
        let Some(jobs) = jobs else { return work.await };
        let (end, outcome) = oneshot::channel();
        // Whoever does not wait for the outcome any more drops all lanes, too.
        let job = work.map(|outcome| drop(end.send(outcome))).boxed();
        // A thread that has ended drops the job, and with it the end of the channel.
        drop(jobs.send(job));
        drop(jobs);
        outcome.await.unwrap_or_else(|source| Err(Error::failed("a download broke off").caused_by(source)))
    }

    /// Whose turn it is: that of the thread with the least to do, or of a new one when all have enough.
    fn next(&self) -> Result<Turn> {
        let mut others = self.others.lock().unwrap_or_else(PoisonError::into_inner);
        // Who holds it first is no job.
        let jobs = |load: &Arc<()>| Arc::strong_count(load) - 1;
        let least = others.iter().map(|lane| jobs(&lane.load)).fold(jobs(&self.load), usize::min);
        if least >= FEW && others.len() + 1 < self.most {
            others.push(Lane::start(&self.client)?);
        }
        Ok(match others.iter().min_by_key(|lane| jobs(&lane.load)) {
            Some(lane) if jobs(&lane.load) < jobs(&self.load) => {
                Turn { client: lane.client.clone(), jobs: Some(lane.jobs.clone()), _load: Arc::clone(&lane.load) }
            }
            _ => Turn { client: self.client.clone(), jobs: None, _load: Arc::clone(&self.load) },
        })
    }
}

impl Lane {
    fn start(client: &Client) -> Result<Self> {
        let failed = |source| Error::failed("cannot start a thread that downloads").caused_by(source);
        // The log of this run belongs to the thread that starts this one, and all take part in it.
        let log = tracing::dispatcher::get_default(Clone::clone);
        let theirs = log.clone();
        let runtime = Builder::new_current_thread()
            .enable_all()
            .max_blocking_threads(WRITING_THREADS)
            .on_thread_start(move || std::mem::forget(tracing::dispatcher::set_default(&theirs)))
            .build()
            .map_err(failed)?;
        let (jobs, arriving) = mpsc::unbounded_channel();
        let run = move || tracing::dispatcher::with_default(&log, || drive(runtime, arriving));
        let thread = thread::Builder::new().name("download".to_owned()).spawn(run).map_err(failed)?;
        Ok(Self { client: client.apart(), jobs, load: Arc::default(), thread })
    }
}

/// Does jobs until nobody can send any more; those that are not done by then are dropped, and what
/// they wrote is left in order.
fn drive(runtime: Runtime, mut jobs: mpsc::UnboundedReceiver<Job>) {
    runtime.block_on(async {
        let mut running = FuturesUnordered::new();
        loop {
            tokio::select! {
                job = jobs.recv() => match job {
                    Some(job) => running.push(job),
                    None => break,
                },
                Some(()) = running.next() => {}
            }
        }
    });
    runtime.shutdown_timeout(PUTTING_IN_ORDER);
}

impl Drop for Lanes {
    fn drop(&mut self) {
        let others = std::mem::take(self.others.get_mut().unwrap_or_else(PoisonError::into_inner));
        let threads: Vec<JoinHandle<()>> = others.into_iter().map(|lane| lane.thread).collect();
        for thread in threads {
            // One that broke off has told so by the outcomes that it did not send.
            drop(thread.join());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::RootUrl;
    use std::pin::Pin;

    fn client() -> Client {
        Client::builder(RootUrl::parse("http://127.0.0.1:1").unwrap()).build().unwrap()
    }

    async fn thread_of(lanes: &Lanes) -> thread::ThreadId {
        lanes.run(|_| async { Ok(thread::current().id()) }).await.unwrap()
    }

    #[tokio::test]
    async fn a_file_goes_to_the_thread_with_the_least_to_do() {
        let mut lanes = Lanes::new(&client());
        lanes.most = 2;
        let (lanes, here) = (&lanes, thread::current().id());
        let endless = || -> Pin<Box<dyn Future<Output = Result<()>> + '_>> {
            let mut work = Box::pin(lanes.run(|_| std::future::pending()));
            assert!((&mut work).now_or_never().is_none());
            work
        };
        let mut busy = Vec::new();
        for _ in 0..FEW {
            assert_eq!(thread_of(lanes).await, here, "few files need no other thread");
            busy.push(endless());
        }
        let there = thread_of(lanes).await;
        assert_ne!(there, here);
        for _ in 0..FEW {
            assert_eq!(thread_of(lanes).await, there, "it has less to do");
            busy.push(endless());
        }
        assert_eq!(thread_of(lanes).await, here, "both have as much to do, and there is no third thread");
        drop(busy.split_off(FEW));
        assert_eq!(thread_of(lanes).await, there, "what nobody waits for any more is no work");
    }

    #[tokio::test]
    async fn no_file_outlives_the_lanes() {
        let mut lanes = Lanes::new(&client());
        lanes.most = 2;
        let unfinished = Arc::new(());
        {
            let wait = || {
                let held = Arc::clone(&unfinished);
                lanes.run(|_| async move {
                    std::future::pending::<()>().await;
                    drop(held);
                    Ok(())
                })
            };
            let all = futures::future::join_all((0..FEW + 1).map(|_| wait()));
            assert!(all.now_or_never().is_none());
            assert_eq!(Arc::strong_count(&unfinished), 2, "those on this thread are dropped with their futures");
        }
        drop(lanes);
        assert_eq!(Arc::strong_count(&unfinished), 1, "the other one with the lanes");
    }
}
