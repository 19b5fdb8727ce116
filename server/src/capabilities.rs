//! The product's table of contents: the capabilities in their order, which is law (a capability calls only ones above).

use std::sync::OnceLock;

use yiwang_collect::ops::Running;
use yiwang_host::Capability;
use yiwang_kernel::Lang;
use yiwang_store::Migration;
use yiwang_web::Texts;

/// Texts of the command line.
const OWN: [(Lang, &str); 2] =
    [(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))];

/// Every capability, in order; loads are entered in `running`. Messages are of the platform: all may send some.
pub(crate) fn capabilities(running: &Running) -> Vec<Capability> {
    vec![
        yiwang_messages::capability(),
        yiwang_accounts::capability(),
        yiwang_catalogue::capability(),
        yiwang_places::capability(),
        yiwang_collect::capability_among(running),
        yiwang_portal::capability(),
        yiwang_oversight::capability(),
    ]
}

/// Every migration: the platform's, then the capabilities' in their order.
pub(crate) fn migrations(capabilities: &[Capability]) -> Vec<Migration> {
    let platform = [
        yiwang_store::MIGRATIONS,
        yiwang_host::MIGRATIONS,
        yiwang_access::MIGRATIONS,
        yiwang_jobs::MIGRATIONS,
        yiwang_files::MIGRATIONS,
        yiwang_gate::grants::MIGRATIONS,
        yiwang_lake::MIGRATIONS,
    ];
    let own = capabilities.iter().flat_map(|capability| capability.migrations.clone());
    platform.into_iter().flatten().cloned().chain(own).collect()
}

/// The texts of everything, read once.
pub(crate) fn texts() -> Option<&'static Texts> {
    static TEXTS: OnceLock<Option<Texts>> = OnceLock::new();
    TEXTS.get_or_init(|| load_texts().ok()).as_ref()
}

/// The texts of web, the command line and every capability.
pub(crate) fn load_texts() -> yiwang_kernel::Result<Texts> {
    let capabilities = capabilities(&Running::default());
    let all = capabilities.iter().flat_map(|capability| capability.texts);
    let sources: Vec<(Lang, &str)> = yiwang_web::TEXTS.iter().chain(&OWN).chain(all).copied().collect();
    Texts::load(&sources)
}
