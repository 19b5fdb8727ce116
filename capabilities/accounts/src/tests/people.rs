//! Accounts on both databases: nothing ownerless, nobody with two administrators' roles, rights that change at once.

use proptest::collection::vec;
use proptest::prelude::*;
use yiwang_access::Token;
use yiwang_kernel::{Actor, Error, PageRequest, Role};

use super::world::{World, no_id};
use crate::ops::{self, PeopleFilter};
use crate::{State, store};

fn code<T>(outcome: Result<T, Error>) -> &'static str {
    outcome.map_or_else(|error| error.code(), |_| "done")
}

#[tokio::test]
async fn the_last_steward_of_a_department_stays_until_handed_over() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let first = world.person("first", Some("A1"), &[Role::Steward]).await;
        let clerk = world.person("clerk1", Some("A1"), &[Role::Clerk]).await;
        let elsewhere = world.person("other", Some("B2"), &[Role::Steward]).await;
        assert_eq!(code(ops::leave(platform, operator, first.id).await), "accounts-last-steward", "{}", world.name);
        assert_eq!(code(ops::set_roles(platform, operator, first.id, &[]).await), "accounts-last-steward");
        assert_eq!(code(ops::move_to(platform, operator, first.id, Some("B2"), None).await), "accounts-last-steward");
        let to_other = ops::hand_over(platform, operator, first.id, elsewhere.id).await;
        assert_eq!(code(to_other), "accounts-hand-over-to", "another department");
        ops::hand_over(platform, operator, first.id, clerk.id).await.expect("handed over");
        assert_eq!(world.again(&clerk).await.roles, [Role::Steward, Role::Clerk]);
        assert_eq!(world.again(&first).await.state, State::Left);
        assert_eq!(code(ops::unlock(platform, operator, first.id).await), "accounts-left");
    }
}

fn founder(name: &str, password: Option<&str>) -> ops::NewAdministrator {
    ops::NewAdministrator { name: name.to_owned(), display: "某".to_owned(), password: password.map(str::to_owned) }
}

#[tokio::test]
async fn three_administrators_are_three_people_each_with_a_link_or_a_strong_password() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let refused = async |three: [ops::NewAdministrator; 3]| match ops::set_up_administrators(
            platform, operator, &three,
        )
        .await
        {
            Err(yiwang_kernel::Error::Invalid { field, .. }) => field,
            other => panic!("{}: {other:?}", world.name),
        };
        let plain = |name: &str| founder(name, None);
        assert_eq!(refused([plain("one"), plain("two"), plain("one")]).await, "audit_name");
        assert_eq!(refused([plain("one"), founder("two", Some("1234567890")), plain("x3")]).await, "security_password");
        assert_eq!(refused([plain("One"), plain("two"), plain("x3")]).await, "system_name");
        let three = [plain("one"), founder("two", Some(super::world::PASSWORD)), plain("x3")];
        let made = ops::set_up_administrators(platform, operator, &three).await.expect("three");
        assert!(made[0].link.is_some() && made[1].link.is_none() && made[2].link.is_some(), "{}", world.name);
        world.sign_in("two").await;
    }
}

#[tokio::test]
async fn the_last_of_each_administrator_stays() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let named = |name: &str| founder(name, None);
        let three = [named("sys"), named("sec"), named("aud")];
        let invited = ops::set_up_administrators(platform, operator, &three).await.expect("three");
        let again = ops::set_up_administrators(platform, operator, &[named("x1"), named("x2"), named("x3")]).await;
        assert_eq!(code(again), "accounts-set-up-done");
        for person in invited.iter().map(|invited| &invited.person) {
            assert_eq!(code(ops::leave(platform, operator, person.id).await), "accounts-last-administrator");
            let second = ops::set_roles(platform, operator, person.id, &[Role::SystemAdmin, Role::AuditAdmin]).await;
            assert_eq!(code(second), "accounts-two-administrators");
        }
        let failed = ops::hand_over(platform, operator, invited[0].person.id, invited[1].person.id).await;
        assert_eq!(code(failed), "accounts-two-administrators", "{}", world.name);
    }
}

#[tokio::test]
async fn the_table_itself_refuses_a_second_administrator() {
    for world in World::each().await {
        let person = world.person("both", None, &[Role::SystemAdmin]).await;
        let now = world.operator().now();
        let id = person.id;
        let outcome = world.platform.db.tx(|tx| Box::pin(store::people::add_role(tx, id, Role::AuditAdmin, now))).await;
        assert!(outcome.is_err(), "{}", world.name);
        assert_eq!(world.again(&person).await.roles, [Role::SystemAdmin]);
    }
}

#[tokio::test]
async fn changed_rights_end_the_sessions() {
    for world in World::each().await {
        let (platform, operator) = (&world.platform, &world.operator());
        let person = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        world.person("steward2", Some("A1"), &[Role::Steward]).await;
        let session = async || {
            let cookie = world.sign_in("steward1").await;
            Token::parse(cookie.trim_start_matches("yiwang_session=")).expect("a token")
        };
        let alive = async |token: &Token| platform.sessions.find(operator, token).await.expect("asked").is_some();
        let token = session().await;
        assert!(alive(&token).await);
        ops::set_roles(platform, operator, person.id, &[Role::Clerk]).await.expect("set");
        assert!(!alive(&token).await, "roles");
        let token = session().await;
        ops::move_to(platform, operator, person.id, Some("B2"), None).await.expect("moved");
        assert!(!alive(&token).await, "department");
        let token = session().await;
        ops::lock(platform, operator, person.id).await.expect("locked");
        assert!(!alive(&token).await, "locked");
        ops::unlock(platform, operator, person.id).await.expect("unlocked");
        let token = session().await;
        ops::leave(platform, operator, person.id).await.expect("left");
        assert!(!alive(&token).await, "left");
    }
}

#[tokio::test]
async fn people_see_their_own_department_and_administrators_everybody() {
    for world in World::each().await {
        let steward = world.person("steward1", Some("A1"), &[Role::Steward]).await;
        let other = world.person("steward2", Some("B2"), &[Role::Steward]).await;
        let security = world.person("security1", None, &[Role::SecurityAdmin]).await;
        let (platform, all) = (&world.platform, PageRequest::default());
        let listed = async |ctx: &yiwang_kernel::Ctx, filter: &PeopleFilter| {
            let page = ops::people(platform, ctx, filter, &all).await?;
            Ok::<_, Error>((page.rows.into_iter().map(|person| person.name).collect::<Vec<_>>(), page.total))
        };
        let none = PeopleFilter::default();
        let own = listed(&world.acting(&steward), &none).await.expect("listed");
        assert_eq!(own, (vec!["steward1".to_owned()], 1), "{}", world.name);
        let theirs = PeopleFilter { department: Some("B2".to_owned()), ..none.clone() };
        assert_eq!(code(listed(&world.acting(&steward), &theirs).await), "not-allowed");
        assert_eq!(code(ops::person(platform, &world.acting(&steward), other.id).await), "not-allowed");
        assert_eq!(listed(&world.acting(&security), &none).await.expect("listed").1, 3);
        let found = PeopleFilter { words: Some("STEWARD_".to_owned()), ..none.clone() };
        assert_eq!(listed(&world.acting(&security), &found).await.expect("listed").1, 0, "a wildcard is a character");
        let found = PeopleFilter { words: Some("ard2".to_owned()), role: Some(Role::Steward), ..none };
        assert_eq!(listed(&world.acting(&security), &found).await.expect("listed").1, 1);
        let stranger = platform.ctx(Actor::Stranger);
        assert_eq!(code(ops::person(platform, &stranger, other.id).await), "unauthenticated");
        assert_eq!(code(ops::person(platform, &world.operator(), no_id(&world)).await), "accounts-person");
    }
}

#[tokio::test]
async fn a_list_goes_on_where_it_stopped_and_counts_exactly() {
    for world in World::each().await {
        for name in ["dd", "aa", "cc", "bb", "ee"] {
            world.invited(name, None, &[Role::Bureau]).await.expect("made");
        }
        let mut seen = Vec::new();
        let mut request = PageRequest { rows: Some(2), after: None };
        loop {
            let filter = PeopleFilter::default();
            let page = ops::people(&world.platform, &world.operator(), &filter, &request).await.expect("listed");
            assert_eq!(page.total, 5);
            seen.extend(page.rows.into_iter().map(|person| person.name));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        assert_eq!(seen, ["aa", "bb", "cc", "dd", "ee"], "{}", world.name);
    }
}

#[tokio::test]
async fn a_stand_in_holds_the_roles_for_those_days_and_no_longer() {
    for world in World::each().await {
        let platform = &world.platform;
        let away = world.person("away", Some("A1"), &[Role::Approver, Role::AuditAdmin]).await;
        let helper = world.person("helper", Some("A1"), &[Role::Clerk]).await;
        world.person("stranger", Some("B2"), &[Role::Clerk]).await;
        let ctx = world.acting(&away);
        let (today, later) = (ctx.now().date(), ctx.now().date().plus_days(1));
        let outside = ops::name_stand_in(platform, &ctx, "stranger", today, later).await;
        assert_eq!(code(outside), "accounts-stand-in-who");
        ops::name_stand_in(platform, &ctx, "helper", today, later).await.expect("named");
        assert_eq!(
            code(ops::name_stand_in(platform, &ctx, "helper", later, later).await),
            "accounts-stand-in-overlaps"
        );
        let roles = async || {
            let cookie = world.sign_in("helper").await;
            let token = Token::parse(cookie.trim_start_matches("yiwang_session=")).expect("a token");
            let found = platform.sessions.find(&ctx, &token).await.expect("asked").expect("alive");
            (found.account.roles.clone(), found.latest, token)
        };
        let (lent, latest, token) = roles().await;
        assert_eq!(lent, [Role::Clerk, Role::Approver], "never an administrator's role");
        assert_eq!(latest, today.plus_days(2).start(), "the session ends with the loan");
        world.clock.advance_s(3 * 24 * 3600);
        assert!(platform.sessions.find(&ctx, &token).await.expect("asked").is_none());
        assert_eq!(roles().await.0, [Role::Clerk], "{}", world.name);
        assert_eq!(world.again(&helper).await.roles, [Role::Clerk]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn no_sequence_of_grants_gives_one_account_two_administrators(
        steps in vec((0usize..3, vec(0usize..12, 0..4), any::<bool>()), 1..10)
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async {
            let world = World::one(false).await;
            let (platform, operator) = (&world.platform, &world.operator());
            let mut people = Vec::new();
            for name in ["p0", "p1", "p2"] {
                people.push(world.invited(name, Some("A1"), &[]).await.expect("made").person);
            }
            for (who, roles, hand_over) in &steps {
                let roles: Vec<Role> = roles.iter().map(|place| Role::ALL[*place]).collect();
                let (from, to) = (people[*who].id, people[(*who + 1) % 3].id);
                let _refused_or_done = match hand_over {
                    true => ops::hand_over(platform, operator, from, to).await,
                    false => ops::set_roles(platform, operator, from, &roles).await,
                };
                for person in &people {
                    let held = world.again(person).await.roles;
                    let administrators = held.iter().filter(|role| role.is_administrator()).count();
                    assert!(administrators <= 1, "{held:?} after {steps:?}");
                }
            }
        });
    }
}

#[tokio::test]
async fn acts_are_listed_newest_first_for_all_and_for_one_account() {
    for world in World::each().await {
        let person = world.person("clerk1", Some("A1"), &[Role::Clerk]).await;
        ops::lock(&world.platform, &world.operator(), person.id).await.expect("locked");
        let mut request = PageRequest { rows: Some(2), after: None };
        let mut kinds = Vec::new();
        loop {
            let page = ops::acts(&world.platform, &world.operator(), Some(person.id), &request).await.expect("listed");
            assert_eq!(page.total, 3, "{}", world.name);
            kinds.extend(page.rows.into_iter().map(|act| act.kind));
            match page.next {
                Some(next) => request.after = Some(next),
                None => break,
            }
        }
        kinds.sort();
        assert_eq!(kinds, ["accounts.activated", "accounts.locked", "accounts.made"]);
        let all = ops::acts(&world.platform, &world.operator(), None, &PageRequest::default()).await.expect("listed");
        assert_eq!(all.total, 5, "two departments were made before");
        let auditor = world.person("auditor1", None, &[Role::AuditAdmin]).await;
        let security = world.person("security1", None, &[Role::SecurityAdmin]).await;
        let read = async |ctx: &yiwang_kernel::Ctx| {
            ops::acts(&world.platform, ctx, None, &PageRequest::default()).await.map(|page| page.total)
        };
        assert!(read(&world.acting(&auditor)).await.is_ok());
        assert_eq!(code(read(&world.acting(&security)).await), "not-allowed", "kept apart");
    }
}
