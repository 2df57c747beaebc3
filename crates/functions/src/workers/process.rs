//! Processes: one thread starts them all and buries them all.
//!
//! One thread, because a worker asks the kernel to be killed when the *thread* that forked it ends: threads of the
//! runtime come and go, this one stays as long as the room is open.

use std::{
    io,
    path::PathBuf,
    process::{Child, Command, ExitStatus},
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::oneshot;

use crate::sandbox::{Fence, kill_group};

/// Orders that may wait; each belongs to a worker, so more would mean more workers than there may be.
const ORDERS: usize = 4096;
const LOOK_EVERY: Duration = Duration::from_millis(2);

enum Order {
    Start { command: Command, fence: Fence, started: oneshot::Sender<io::Result<Child>> },
    Bury(Burial),
    Close(oneshot::Sender<()>),
}

struct Burial {
    child: Child,
    scratch: PathBuf,
    /// Until then it may end by itself, and its own exit status is told.
    until: Instant,
    killed: bool,
    status: Option<oneshot::Sender<ExitStatus>>,
}

#[derive(Clone)]
pub struct Keeper {
    orders: SyncSender<Order>,
}

/// A running worker process. Dropping it kills its whole group and removes its scratch folder.
pub struct Process {
    child: Option<Child>,
    pid: u32,
    scratch: PathBuf,
    keeper: Keeper,
}

impl Keeper {
    pub fn open() -> io::Result<Arc<Self>> {
        let (orders, incoming) = sync_channel(ORDERS);
        thread::Builder::new().name(String::from("worker-keeper")).spawn(move || keep(&incoming))?;
        Ok(Arc::new(Self { orders }))
    }

    /// Starts `command` inside `fence`. The scratch folder goes with the process, or at once where it does not start.
    pub async fn start(&self, command: Command, fence: Fence, scratch: PathBuf) -> io::Result<Process> {
        let (started, answer) = oneshot::channel();
        let order = Order::Start { command, fence, started };
        let sent = self.orders.try_send(order).map_err(|cause| io::Error::other(cause.to_string()));
        let child = match sent {
            Ok(()) => answer.await.unwrap_or_else(|_| Err(io::Error::other("the server is stopping"))),
            Err(cause) => Err(cause),
        };
        match child {
            Ok(child) => Ok(Process { pid: child.id(), child: Some(child), scratch, keeper: self.clone() }),
            Err(cause) => {
                let _ = std::fs::remove_dir_all(&scratch);
                Err(cause)
            }
        }
    }

    /// Waits until every process that was given up is gone.
    pub async fn close(&self) {
        let (closed, done) = oneshot::channel();
        if self.orders.try_send(Order::Close(closed)).is_ok() {
            let _ = tokio::time::timeout(Duration::from_secs(5), done).await;
        }
    }

    fn bury(&self, burial: Burial) {
        if let Err(TrySendError::Full(Order::Bury(left)) | TrySendError::Disconnected(Order::Bury(left))) =
            self.orders.try_send(Order::Bury(burial))
        {
            kill_group(left.child.id());
            thread::spawn(move || finish(left));
        }
    }
}

impl Process {
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// How it ended: by itself within `grace`, or killed then.
    pub async fn ended(mut self, grace: Duration) -> Option<ExitStatus> {
        let child = self.child.take()?;
        let (status, answer) = oneshot::channel();
        let scratch = std::mem::take(&mut self.scratch);
        let until = Instant::now() + grace;
        self.keeper.bury(Burial { child, scratch, until, killed: false, status: Some(status) });
        answer.await.ok()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if let Some(child) = self.child.take() {
            let scratch = std::mem::take(&mut self.scratch);
            self.keeper.bury(Burial { child, scratch, until: Instant::now(), killed: false, status: None });
        }
    }
}

fn keep(incoming: &Receiver<Order>) {
    let mut burials: Vec<Burial> = Vec::new();
    let mut closing = None;
    loop {
        let order = if burials.is_empty() {
            incoming.recv().map_err(|_| RecvTimeoutError::Disconnected)
        } else {
            incoming.recv_timeout(LOOK_EVERY)
        };
        match order {
            Ok(Order::Start { mut command, fence, started }) => {
                fence.around(&mut command);
                // Nobody waiting any more: the child is buried like any other.
                if let Err(Ok(child)) = started.send(command.spawn()) {
                    let until = Instant::now();
                    burials.push(Burial {
                        child,
                        scratch: PathBuf::new(),
                        until,
                        killed: false,
                        status: None,
                    });
                }
            }
            Ok(Order::Bury(burial)) => burials.push(burial),
            Ok(Order::Close(closed)) => closing = Some(closed),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) if burials.is_empty() => return,
            Err(RecvTimeoutError::Disconnected) => thread::sleep(LOOK_EVERY),
        }
        let mut at = 0;
        while at < burials.len() {
            if looked_after(&mut burials[at]) {
                finish(burials.swap_remove(at));
            } else {
                at += 1;
            }
        }
        if burials.is_empty()
            && let Some(closed) = closing.take()
        {
            let _ = closed.send(());
        }
    }
}

/// Kills what is due. `true` when the leader has ended and can be waited for.
fn looked_after(burial: &mut Burial) -> bool {
    let pid = burial.child.id();
    let ended = crate::sandbox::has_ended(pid);
    if !burial.killed && (ended || Instant::now() >= burial.until) {
        // Before the leader is waited for: its number still stands for this group and no other.
        kill_group(pid);
        burial.killed = true;
    }
    ended
}

fn finish(mut burial: Burial) {
    if let Ok(status) = burial.child.wait()
        && let Some(waiting) = burial.status.take()
    {
        let _ = waiting.send(status);
    }
    if !burial.scratch.as_os_str().is_empty()
        && let Err(cause) = std::fs::remove_dir_all(&burial.scratch)
        && cause.kind() != io::ErrorKind::NotFound
    {
        tracing::warn!(folder = %burial.scratch.display(), %cause, "a scratch folder could not be removed");
    }
}
