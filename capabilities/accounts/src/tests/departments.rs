//! Departments on both databases: names, merges and splits hold from their date on, and what was is kept.

use yiwang_kernel::{Error, Role, Text};

use super::world::World;
use crate::ops::{self, department_of};
use crate::{NewDepartment, Reorganisation, store};

fn code<T>(outcome: Result<T, Error>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "done")
}

fn change(world: &World, days: i64) -> Reorganisation {
    let since = world.operator().now().date().plus_days(days);
    Reorganisation { since, basis: "示政发〔2026〕1号".to_owned() }
}

#[tokio::test]
async fn a_new_name_holds_from_its_date_on_and_the_old_one_before() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let today = operator.now().date();
        let name = Text::new("政务和数据局", "Data bureau");
        ops::rename(platform, operator, "A1", &name, &change(&world, 10)).await.expect("renamed");
        let on = async |day| store::departments::find(&platform.db, "A1", day).await.expect("asked").map(|d| d.name.zh);
        assert_eq!(on(today).await.as_deref(), Some("数据局"), "{}", world.name);
        assert_eq!(on(today.plus_days(9)).await.as_deref(), Some("数据局"));
        assert_eq!(on(today.plus_days(10)).await.as_deref(), Some("政务和数据局"));
        assert_eq!(on(today.plus_days(-1)).await, None, "not made yet");
        let record = ops::department(platform, operator, "A1").await.expect("found");
        assert_eq!(record.names.len(), 2);
        let early = ops::rename(platform, operator, "A1", &name, &change(&world, -400)).await;
        assert_eq!(code(early), "accounts-since-range");
        let without = Reorganisation { basis: " ".to_owned(), ..change(&world, 1) };
        assert_eq!(code(ops::rename(platform, operator, "A1", &name, &without).await), "accounts-basis");
    }
}

#[tokio::test]
async fn people_of_a_merged_department_work_for_the_one_that_took_it() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        world.person("steward1", Some("B2"), &[Role::Steward]).await;
        ops::merge(platform, operator, &["B2".to_owned()], "A1", &change(&world, 1)).await.expect("merged");
        let works_for = async || {
            let cookie = world.sign_in("steward1").await;
            let page = world.get("/account?format=json", &cookie).await;
            let json: serde_json::Value = serde_json::from_str(&page.text).expect("json");
            json["department"].as_str().map(str::to_owned)
        };
        assert_eq!(works_for().await.as_deref(), Some("B2"), "{}: not yet", world.name);
        world.clock.advance_s(24 * 3600);
        assert_eq!(works_for().await.as_deref(), Some("A1"));
        let today = world.operator().now().date();
        let open = ops::departments(platform, operator, today, false).await.expect("listed");
        assert_eq!(open.iter().map(|one| one.code.as_str()).collect::<Vec<_>>(), ["A1"]);
        assert_eq!(ops::departments(platform, operator, today, true).await.expect("listed").len(), 2);
        let twice = ops::merge(platform, operator, &["B2".to_owned()], "A1", &change(&world, 2)).await;
        assert_eq!(code(twice), "accounts-department-unknown");
        let late = world.invited("late", Some("B2"), &[Role::Clerk]).await;
        assert_eq!(code(late), "accounts-department-unknown", "closed departments take nobody");
    }
}

#[tokio::test]
async fn a_split_opens_new_departments_and_the_first_takes_over() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let new = |code: &str| {
            let name = Text::new(code, code);
            NewDepartment { code: code.to_owned(), name, parent: None, place: 5, opened: None }
        };
        let into = [new("B3"), new("B4")];
        ops::split(platform, operator, "B2", &into, false, &change(&world, 5)).await.expect("split");
        ops::split(platform, operator, "A1", &[new("A2")], true, &change(&world, 5)).await.expect("split off");
        let day = operator.now().date().plus_days(5);
        assert_eq!(department_of(&platform.db, "B2", day.plus_days(-1)).await.expect("asked"), "B2", "{}", world.name);
        assert_eq!(department_of(&platform.db, "B2", day).await.expect("asked"), "B3");
        assert_eq!(department_of(&platform.db, "A1", day).await.expect("asked"), "A1", "it stayed");
        let taken = ops::split(platform, operator, "A1", &[new("B2")], true, &change(&world, 5)).await;
        assert_eq!(code(taken), "accounts-department-exists", "codes are for life");
    }
}

#[tokio::test]
async fn a_post_belongs_to_its_department() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let person = world.person("clerk1", Some("A1"), &[Role::Clerk]).await;
        let post = ops::create_post(platform, operator, "B2", &Text::new("窗口一", "")).await.expect("made");
        assert_eq!(code(ops::move_to(platform, operator, person.id, Some("A1"), Some(post.id)).await), "accounts-post");
        ops::move_to(platform, operator, person.id, Some("B2"), Some(post.id)).await.expect("moved");
        assert_eq!(world.again(&person).await.post, Some(post.id), "{}", world.name);
        assert_eq!(code(ops::close_post(platform, operator, "A1", post.id).await), "accounts-post");
        ops::close_post(platform, operator, "B2", post.id).await.expect("closed");
        assert_eq!(code(ops::close_post(platform, operator, "B2", post.id).await), "accounts-post");
    }
}
