//! Decisions: by role, by department, for strangers; the three administrators; explanations.

use yiwang_kernel::{Actor, Error, Role};

use super::{acting, ctx_and_clock};
use crate::{Access, Duty, Permission, Reach, Reason, Scope};

const PERMISSIONS: &[Permission] = &[
    Permission::anyone("catalogue.read"),
    Permission::accounts("accounts.self"),
    Permission::roles("catalogue.publish", &[(Role::Bureau, Reach::City), (Role::Steward, Reach::OwnDepartment)]),
    Permission::roles("accounts.grant", &[(Role::SecurityAdmin, Reach::City)]).duty(Duty::Security),
    Permission::roles("host.settings", &[(Role::SystemAdmin, Reach::City), (Role::Bureau, Reach::City)])
        .duty(Duty::System),
];

fn access() -> Access {
    Access::new(PERMISSIONS).expect("the policies fit")
}

#[test]
fn nothing_is_allowed_without_a_policy() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    assert!(access.check(&ctx, "catalogue.read", &Scope::CITY).is_ok());
    assert!(matches!(access.check(&ctx, "accounts.self", &Scope::CITY), Err(Error::Unauthenticated)));
    let nobody = acting(&ctx, Some("A"), &[]);
    assert!(access.check(&nobody, "accounts.self", &Scope::CITY).is_ok());
    assert!(matches!(access.check(&nobody, "catalogue.publish", &Scope::department("A")), Err(Error::Forbidden(_))));
    assert!(matches!(access.check(&nobody, "catalogue.unheard", &Scope::CITY), Err(Error::Internal(_))));
}

#[test]
fn a_steward_reaches_only_the_own_department() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    let steward = acting(&ctx, Some("A"), &[Role::Steward]);
    assert!(access.check(&steward, "catalogue.publish", &Scope::department("A")).is_ok());
    assert!(access.check(&steward, "catalogue.publish", &Scope::department("B")).is_err());
    assert!(access.check(&steward, "catalogue.publish", &Scope::CITY).is_err());
    assert!(access.check_somewhere(&steward, "catalogue.publish").is_ok());
    let unposted = acting(&ctx, None, &[Role::Steward]);
    assert!(access.check_somewhere(&unposted, "catalogue.publish").is_err());
    assert!(access.check(&unposted, "catalogue.publish", &Scope::department("A")).is_err());
    let bureau = acting(&ctx, None, &[Role::Bureau]);
    assert!(access.check(&bureau, "catalogue.publish", &Scope::department("B")).is_ok());
}

#[test]
fn decisions_do_not_leak_between_accounts_through_the_cache() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    for (department, allowed) in [("A", true), ("B", false), ("A", true)] {
        let steward = acting(&ctx, Some(department), &[Role::Steward]);
        assert_eq!(access.check(&steward, "catalogue.publish", &Scope::department("A")).is_ok(), allowed);
    }
}

#[test]
fn the_three_administrators_are_kept_apart() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    let administrators = [Role::SystemAdmin, Role::SecurityAdmin, Role::AuditAdmin];
    for first in administrators {
        for second in administrators {
            let both = acting(&ctx, None, &[first, second]);
            let allowed = access.check(&both, "catalogue.read", &Scope::CITY).is_ok();
            assert_eq!(allowed, first == second, "{first:?} and {second:?}");
        }
    }
    let security = acting(&ctx, None, &[Role::SecurityAdmin, Role::Bureau]);
    assert!(access.check(&security, "accounts.grant", &Scope::CITY).is_ok());
    assert!(access.check(&security, "host.settings", &Scope::CITY).is_err(), "held as bureau, yet another's duty");
    let why = access.explain(&security, "host.settings", &Scope::CITY).expect("explained");
    assert_eq!(why.reason, Reason::AnothersDuty);
    assert_eq!(why.policies, ["system-duty-not-for-security"]);
}

#[test]
fn an_explanation_names_the_roles_that_would_be_allowed() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    let reason = |ctx, scope| access.explain(ctx, "catalogue.publish", &scope).expect("explained");
    let steward = acting(&ctx, Some("A"), &[Role::Steward]);
    let other = reason(&steward, Scope::department("B"));
    assert_eq!(other.reason, Reason::OtherDepartment);
    assert_eq!(other.roles, [(Role::Bureau, Reach::City), (Role::Steward, Reach::OwnDepartment)]);
    let own = reason(&steward, Scope::department("A"));
    assert_eq!((own.allowed, own.policies), (true, vec!["steward-own-department".to_owned()]));
    assert_eq!(reason(&ctx, Scope::CITY).reason, Reason::NotSignedIn);
    assert_eq!(reason(&acting(&ctx, None, &[Role::Clerk]), Scope::CITY).reason, Reason::NoRole);
}

#[test]
fn every_role_has_its_two_policies() {
    for role in Role::ALL {
        let city: &'static [(Role, Reach)] = Box::leak(Box::new([(role, Reach::City)]));
        let own: &'static [(Role, Reach)] = Box::leak(Box::new([(role, Reach::OwnDepartment)]));
        let permissions = [Permission::roles("city.act", city), Permission::roles("own.act", own)];
        let access = Access::new(&permissions).expect("the policies fit");
        assert_eq!(access.roles("city.act").expect("decided"), city);
        assert_eq!(access.roles("own.act").expect("decided"), own);
    }
}

#[test]
fn the_console_and_the_platform_may_act() {
    let (ctx, _) = ctx_and_clock();
    let access = access();
    for actor in [Actor::Operator { reason: "reset".to_owned() }, Actor::System("demo")] {
        assert!(access.check(&ctx.acting_as(actor), "accounts.grant", &Scope::CITY).is_ok());
    }
}

#[test]
fn a_misnamed_or_doubled_permission_stops_the_start() {
    for names in [&["catalogue"][..], &["Catalogue.read"], &["a.b", "a.b"], &["a.\"b"]] {
        let permissions: Vec<Permission> = names.iter().map(|name| Permission::anyone(name)).collect();
        assert!(Access::new(&permissions).is_err(), "{names:?}");
    }
}
