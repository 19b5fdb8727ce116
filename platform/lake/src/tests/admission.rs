//! The engine's queues: how many work at once, who comes next, who is sent away, and what ends a query that takes long.

use futures::FutureExt as _;
use futures::future::BoxFuture;
use yiwang_gate::{Mode, Queue, QueueClass};
use yiwang_kernel::{Error, Result};

use super::world::{page, people, worlds};
use crate::admission::{Admission, Turn};

fn queue(admission: &Admission, class: QueueClass) -> (usize, usize) {
    let queues = admission.queues();
    let Queue { working, waiting, .. } = queues.iter().find(|queue| queue.class == class).expect("a queue");
    (*working, *waiting)
}

/// Waiting from now on.
fn waiting(admission: &Admission, class: QueueClass) -> BoxFuture<'_, Result<Turn>> {
    let mut turn = admission.turn(class).boxed();
    assert!((&mut turn).now_or_never().is_none(), "nobody is admitted");
    turn
}

#[tokio::test]
async fn each_class_works_as_many_at_once_as_it_may_and_waits_for_its_like_only() {
    let admission = Admission::new();
    let mut turns = Vec::new();
    for (class, at_once) in [(QueueClass::Interactive, 2), (QueueClass::Load, 1), (QueueClass::Background, 1)] {
        for _ in 0..at_once {
            turns.push(admission.turn(class).await.expect("a turn"));
        }
        let late = waiting(&admission, class);
        assert_eq!(queue(&admission, class), (at_once, 1), "{}", class.word());
        drop(late);
        assert_eq!(queue(&admission, class), (at_once, 0), "who goes away leaves the queue");
    }
    drop(turns);
    assert_eq!(queue(&admission, QueueClass::Interactive), (0, 0));
}

#[tokio::test]
async fn turns_come_in_the_order_of_asking() {
    let admission = Admission::new();
    let first = admission.turn(QueueClass::Load).await.expect("a turn");
    let mut second = waiting(&admission, QueueClass::Load);
    let mut third = waiting(&admission, QueueClass::Load);
    drop(first);
    assert!((&mut third).now_or_never().is_none(), "the second is before the third");
    let turn = (&mut second).now_or_never().expect("it is the second's turn").expect("a turn");
    assert_eq!(queue(&admission, QueueClass::Load), (1, 1));
    drop(turn);
    assert!(third.now_or_never().is_some_and(|turn| turn.is_ok()));
}

#[tokio::test]
async fn a_full_queue_sends_away_and_says_when_to_come_back() {
    let admission = Admission::new();
    let _working = admission.turn(QueueClass::Background).await.expect("a turn");
    let crowd: Vec<_> = (0..64).map(|_| waiting(&admission, QueueClass::Background)).collect();
    let refused = admission.turn(QueueClass::Background).await;
    assert!(matches!(refused, Err(Error::TooMany { retry_after_s }) if retry_after_s > 0));
    drop(crowd);
    assert!(admission.turn(QueueClass::Interactive).await.is_ok());
}

#[tokio::test]
async fn a_query_past_its_time_ends_and_gives_its_turn_back() {
    for mut world in worlds().await {
        world.grant(&world.whole_grant()).await;
        world.load(Mode::Append, &people(0..10_100)).await;
        world.restarted_with_wall(0);
        let ended = world.sql("select name, sum(n) from people group by name").await;
        assert!(matches!(ended, Err(Error::Timeout)), "{}", world.store.name);
        assert!(world.gate.queues().iter().all(|queue| queue.working == 0 && queue.waiting == 0));
        assert_eq!(world.rows(page(10_050, 5)).await.expect("pages need no turn").len(), 5);
        world.restarted();
        assert_eq!(world.sql("select count(name) from people").await.expect("in time").concat(), ["10100"]);
    }
}
