//! What capabilities rely on: deny by default, departments, three administrators apart, limits that refill.

mod limits;
mod policies;
mod sessions;

use std::sync::Arc;

use yiwang_kernel::{Account, Actor, Ctx, FixedClock, Id, Instant, Role, SeededRandom};

/// A context whose clock the test moves.
fn ctx_and_clock() -> (Ctx, Arc<FixedClock>) {
    let clock = Arc::new(FixedClock::at(Instant::from_micros(1_795_305_600_000_000)));
    (Ctx::new(Actor::Stranger, clock.clone(), Arc::new(SeededRandom::new(6))), clock)
}

fn acting(ctx: &Ctx, department: Option<&str>, roles: &[Role]) -> Ctx {
    let account = Account {
        id: Id::new(ctx),
        name: "somebody".to_owned(),
        department: department.map(str::to_owned),
        roles: roles.to_vec(),
    };
    ctx.acting_as(Actor::Account(account))
}
