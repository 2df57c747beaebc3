//! Work that goes on when nobody waits for it any more.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tokio::runtime::Handle;

/// Runs `F` inside whoever awaits it, without a task of its own; dropped before its end, it becomes one.
pub struct Finishing<F: Future + Send + 'static>(Option<Pin<Box<F>>>)
where
    F::Output: Send;

impl<F: Future + Send + 'static> Finishing<F>
where
    F::Output: Send,
{
    pub fn new(work: F) -> Self {
        Self(Some(Box::pin(work)))
    }
}

impl<F: Future + Send + 'static> Future for Finishing<F>
where
    F::Output: Send,
{
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        let Some(work) = self.0.as_mut() else { return Poll::Pending };
        let polled = work.as_mut().poll(context);
        if polled.is_ready() {
            self.0 = None;
        }
        polled
    }
}

impl<F: Future + Send + 'static> Drop for Finishing<F>
where
    F::Output: Send,
{
    fn drop(&mut self) {
        if let Some(work) = self.0.take()
            && let Ok(runtime) = Handle::try_current()
        {
            runtime.spawn(work);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::{sync::oneshot, time::timeout};

    use super::*;

    #[tokio::test]
    async fn it_ends_whether_or_not_someone_waits() {
        assert_eq!(Finishing::new(async { 7 }).await, 7);
        let (tell, told) = oneshot::channel();
        let work = Finishing::new(async move {
            tokio::time::sleep(Duration::from_millis(30)).await;
            tell.send(()).unwrap();
        });
        assert!(timeout(Duration::from_millis(1), work).await.is_err());
        timeout(Duration::from_secs(5), told).await.unwrap().unwrap();
    }
}
