//! What messages add to the product, as data: routes, menu, permissions, settings, tables, jobs, texts.

use yiwang_host::{Capability, Faces, JobKind, MenuItem, Route, Step, get, post};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Lang, Text};

use crate::jobs::{self, DELIVER};
use crate::ops::{self, HOOKS, OPERATE, PERMISSIONS};
use crate::pages::{channels, deliveries, hooks, inbox, settings};

/// Why the own messages leave no entry.
const OWN: &str = "the reader's own messages and settings";
/// Why a list of deliveries leaves no entry.
const STATES: &str = "states of deliveries; names no account";
/// Seconds between two looks for daily mails that are due.
const DIGEST_EVERY_S: u32 = 300;

/// What messages add; listed before every capability that sends some.
pub fn capability() -> Capability {
    let mut capability = Capability::new("messages", Text::new("消息", "Messages"))
        .migration(1, include_str!("../migrations/0001_messages.sql"))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/messages.md"))
        .menu(
            MenuItem::new("/messages", Text::new("消息", "Messages"), 92)
                .signed_in()
                .counting(|platform, ctx| async move { ops::unread(&platform, &ctx).await }),
        )
        .step(
            Step::new("messages.mail", "/messages/channels", 35, |platform, _| async move {
                Ok(!platform.settings.get("messages.smtp_host")?.is_empty())
            })
            .optional(),
        )
        .job(JobKind::new(DELIVER, jobs::deliver))
        .job(
            JobKind::new(jobs::DIGEST, |platform, ctx, _| async move {
                jobs::order_digests(&platform, &ctx).await.map(drop)
            })
            .every(Schedule::Every { seconds: DIGEST_EVERY_S }),
        )
        .job(
            JobKind::new("messages.sweep", |platform, ctx, _| async move { jobs::sweep(&platform, &ctx).await })
                .every(Schedule::Daily { hour: 3, minute: 20 }),
        );
    for (name, zh, en, default) in SETTINGS {
        capability = capability.setting_on("/messages/channels", name, Text::new(zh, en), default);
    }
    let capability = PERMISSIONS.into_iter().fold(capability, Capability::permission);
    let routes = [own_routes(), operator_routes(), hook_routes()];
    routes.into_iter().flatten().fold(capability, Capability::route)
}

const SETTINGS: [(&str, &str, &str, &str); 9] = [
    ("messages.smtp_host", "邮件服务器", "Mail server", ""),
    ("messages.smtp_port", "邮件服务器端口", "Port of the mail server", "465"),
    ("messages.smtp_tls", "邮件加密方式：tls、starttls、none", "TLS of mail: tls, starttls, none", "tls"),
    ("messages.smtp_user", "邮件服务器用户名", "User at the mail server", ""),
    ("messages.smtp_from", "发件人", "Sender of mails", ""),
    ("messages.digest_hour", "每日汇总的时刻（0 至 23）", "Hour of the daily mail, 0 to 23", "8"),
    ("messages.http_allowed", "回调可访问的内网地址", "Inside addresses that hooks may call", ""),
    ("messages.trusted", "另行信任的证书（PEM）", "Further trusted certificates, PEM", ""),
    ("messages.keep_days", "消息保留天数", "Days messages are kept", "365"),
];

fn own_routes() -> Vec<Route> {
    vec![
        get("/messages", inbox::list)
            .signed_in()
            .audit_none(OWN)
            .doc("消息", "the own messages")
            .takes("show", "unread 为只看未读", "unread for the unread alone")
            .takes("after", "从哪条之后", "where to go on")
            .takes("rows", "每页条数", "rows per page"),
        post("/messages/read", inbox::read)
            .signed_in()
            .audit_none(OWN)
            .doc("标为已读", "mark as read")
            .takes("id", "一条消息", "one message")
            .takes("all", "1 为全部", "1 for all"),
        get("/messages/settings", settings::show).signed_in().audit_none(OWN).doc("消息设置", "how to hear"),
        post("/messages/settings", settings::save)
            .signed_in()
            .audit_none(OWN)
            .doc("修改消息设置", "choose how to hear")
            .takes("address", "邮箱", "mail address")
            .takes("mail", "daily、at_once、never", "daily, at_once, never")
            .takes("lang", "zh、en", "zh, en"),
    ]
}

fn operator_routes() -> Vec<Route> {
    vec![
        get("/messages/channels", channels::show)
            .needs(OPERATE)
            .audit_none("settings; the password is never shown")
            .doc("通道", "the channels"),
        post("/messages/channels", channels::save)
            .needs(OPERATE)
            .decides("messages.channels_set")
            .doc("设置通道", "set the channels up"),
        post("/messages/channels/test", channels::trial)
            .needs(OPERATE)
            .audit("messages.mail_tried")
            .doc("试发邮件", "mail a trial to the own address"),
        get("/messages/deliveries", deliveries::list)
            .needs(OPERATE)
            .audit_none(STATES)
            .doc("发送记录", "what left, or is on its way")
            .takes("state", "状态", "state")
            .takes("after", "从哪条之后", "where to go on"),
        post("/messages/deliveries/retry", deliveries::press)
            .signed_in()
            .decides("messages.pressed")
            .doc("重发", "send again what failed")
            .takes("id", "发送记录", "the delivery"),
    ]
    .into_iter()
    .map(|route| Route { faces: Faces::Inside, ..route })
    .collect()
}

fn hook_routes() -> Vec<Route> {
    vec![
        get("/messages/hooks", hooks::list).needs(HOOKS).audit_none(STATES).doc("回调地址", "registered addresses"),
        post("/messages/hooks", hooks::register)
            .needs(HOOKS)
            .decides("messages.hook_registered")
            .doc("登记回调地址", "register an address to be called")
            .takes("url", "地址", "address")
            .takes("department", "部门代码，空为全市", "department code, empty for the city"),
        get("/messages/hooks/{id}", hooks::show)
            .needs(HOOKS)
            .audit_none(STATES)
            .doc("一个回调地址", "one address and its calls")
            .takes("state", "状态", "state")
            .takes("after", "从哪条之后", "where to go on"),
        post("/messages/hooks/{id}/secret", hooks::renew)
            .needs(HOOKS)
            .decides("messages.hook_secret")
            .doc("换密钥", "give a new secret"),
        post("/messages/hooks/{id}/test", hooks::trial)
            .needs(HOOKS)
            .audit("messages.hook_tried")
            .doc("试调", "call it once as a trial"),
        post("/messages/hooks/{id}/remove", hooks::remove)
            .needs(HOOKS)
            .decides("messages.hook_removed")
            .doc("删除回调地址", "remove it"),
    ]
}
