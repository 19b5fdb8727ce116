//! The activation link by mail: to the address the manager gave, sealed on its way, gone with the account.

use yiwang_kernel::Role;
use yiwang_store::Row;

use super::world::World;
use crate::NewPerson;
use crate::ops;

fn new(name: &str) -> NewPerson {
    let roles = vec![Role::Clerk.word().to_owned()];
    NewPerson { name: name.to_owned(), display: "张三".to_owned(), department: Some("A1".to_owned()), roles }
}

async fn rows(world: &World, table: &str) -> Vec<Row> {
    world.platform.db.query(&format!("SELECT * FROM {table}"), &[]).await.expect("rows")
}

#[tokio::test]
async fn an_account_with_an_address_is_mailed_its_link_and_each_new_one() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        ops::create_account(platform, operator, &new("silent")).await.expect("made");
        assert!(rows(&world, "messages_deliveries").await.is_empty(), "{}: no address, no mail", world.name);
        let invited = ops::invite(platform, operator, &new("zhang"), Some("zhang@city.example")).await.expect("made");
        let link = ops::invite_again(platform, operator, invited.person.id).await.expect("a new one");
        ops::give_address(platform, operator, invited.person.id, "zhang@else.example").await.expect("given");
        let kept = rows(&world, "messages_deliveries").await;
        assert_eq!(kept.len(), 2);
        let everything =
            format!("{kept:?} {:?} {:?}", rows(&world, "messages_people").await, rows(&world, "jobs_jobs").await);
        for secret in [invited.link.token.as_str(), link.token.as_str(), "city.example", "else.example"] {
            assert!(!everything.contains(secret), "{}: {secret}", world.name);
        }
        assert!(rows(&world, "messages_inbox").await.is_empty(), "a link stands in no list");
        ops::leave(platform, operator, invited.person.id).await.expect("leaves");
        assert!(rows(&world, "messages_people").await.is_empty());
        let states: Vec<String> =
            rows(&world, "messages_deliveries").await.iter().map(|row| row.text("state").expect("a state")).collect();
        assert_eq!(states, ["dropped", "dropped"]);
        let wrong = ops::invite(platform, operator, &new("li"), Some("nobody")).await.expect_err("no address");
        assert_eq!(wrong.code(), "messages-address");
    }
}
