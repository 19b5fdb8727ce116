//! What only grows is taken away: files whose time is over. That ended jobs go is shown where the queue is.

use futures::StreamExt as _;
use yiwang_kernel::Actor;

use super::world::World;
use crate::Faces;

const WEEK_S: i64 = 7 * 24 * 3_600;

#[tokio::test]
async fn files_past_their_time_go_and_others_stay() {
    for world in World::each(Faces::Inside).await {
        let (platform, ctx) = (&world.platform, &world.platform.ctx(Actor::System("test")));
        let store = async || {
            let bytes = futures::stream::iter([Ok(bytes::Bytes::from_static(b"abc"))]).boxed();
            platform.files.put(ctx, "uploads", bytes, 10).await.expect("stored").id
        };
        let (over, kept) = (store().await, store().await);
        platform.files.keep_until(over, Some(ctx.now().plus_s(60))).await.expect("a time");
        crate::own::tidy(platform, ctx).await.expect("tidied");
        assert!(platform.files.find(over).await.is_ok(), "its time is not over");
        world.clock.advance_s(2 * WEEK_S);
        crate::own::tidy(platform, ctx).await.expect("tidied");
        assert!(platform.files.find(over).await.is_err());
        assert!(platform.files.find(kept).await.is_ok(), "kept until somebody deletes it");
    }
}
