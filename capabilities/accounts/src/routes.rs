//! What this capability adds to the product, as data: routes, menu, permissions, tables, events, texts.

use yiwang_host::{Capability, Faces, JobKind, MenuItem, Route, Step, get, post};
use yiwang_jobs::Schedule;
use yiwang_kernel::{Lang, Text};

use crate::ops::{self, ACTS, DEPARTMENTS, MANAGE, MATRIX, OWN, PERMISSIONS, READ, REORGANISE};
use crate::pages::{account, departments, imports, people, person, rights, sign_in};

/// Why a page that only reads leaves no entry.
const READS: &str = "reads accounts only, no city data";
/// Why a route that changes something leaves no entry by itself.
const NOTED: &str = "the operation notes the act in its own transaction";

/// This capability.
pub fn capability() -> Capability {
    let mut capability = Capability::new("accounts", Text::new("账号", "Accounts"))
        .migration(1, include_str!("../migrations/0001_accounts.sql"))
        .texts(&[(Lang::Zh, include_str!("../locales/zh.ftl")), (Lang::En, include_str!("../locales/en.ftl"))])
        .docs(include_str!("../../../docs/accounts.md"))
        .menu(MenuItem::new("/departments", Text::new("机构", "Departments"), 70).needs(DEPARTMENTS))
        .menu(MenuItem::new("/accounts", Text::new("账号", "Accounts"), 90).on(Faces::Inside).needs(READ))
        .menu(MenuItem::new("/account", Text::new("我的账号", "My account"), 95).signed_in())
        .step(Step::new("accounts.departments", "/departments", 20, |platform, _| async move {
            ops::has_departments(&platform).await
        }))
        .step(Step::new("accounts.people", "/accounts/new", 30, |platform, _| async move {
            ops::has_people(&platform).await
        }))
        .job(
            JobKind::new("accounts.sweep", |platform, ctx, _| async move {
                platform.sessions.sweep(&ctx).await.map(|_| ())
            })
            .every(Schedule::Every { seconds: 3600 }),
        );
    for permission in PERMISSIONS {
        capability = capability.permission(permission);
    }
    for (name, zh, en) in EVENTS {
        capability = capability.event(name, Text::new(zh, en));
    }
    let routes = [entry_routes(), own_routes(), people_routes(), person_routes(), department_routes(), rights_routes()];
    routes.into_iter().flatten().fold(capability, Capability::route)
}

const EVENTS: [(&str, &str, &str); 7] = [
    ("accounts.department_made", "新设机构；内容为代码", "a department was made; its code"),
    ("accounts.department_renamed", "机构更名；内容为代码", "a department was renamed; its code"),
    ("accounts.department_merged", "机构并入另一机构；内容为代码", "a department was merged; its code"),
    ("accounts.department_split", "机构拆分；内容为代码", "a department was split; its code"),
    ("accounts.post_made", "新设岗位；内容为机构代码", "a post was made; its department's code"),
    ("accounts.post_closed", "撤销岗位；内容为机构代码", "a post was closed; its department's code"),
    ("accounts.handed_over", "账号移交；内容为移交人和接手人编号", "an account was handed over; ids from and to"),
];

fn entry_routes() -> Vec<Route> {
    vec![
        get("/sign-in", sign_in::sign_in_page).open().audit_none("a form").doc("登录", "sign in"),
        post("/sign-in", sign_in::sign_in)
            .open()
            .audit_none("a session is listed with its account")
            .doc("登录：第一步", "sign in, first step")
            .takes("name", "登录名", "sign-in name")
            .takes("password", "密码", "password")
            .takes("next", "登录后去哪", "where to go then"),
        post("/sign-in/code", sign_in::second_step)
            .open()
            .audit_none("a session is listed with its account")
            .doc("登录：第二步", "sign in, second step")
            .takes("ticket", "第一步得到的凭据", "what the first step gave")
            .takes("code", "动态验证码或恢复码", "code or recovery code"),
        post("/sign-out", sign_in::sign_out).open().audit_none("ends the own session").doc("退出", "sign out"),
        get("/activate", sign_in::activation_page)
            .open()
            .audit_none("a form")
            .doc("激活账号", "open an account by its link")
            .takes("link", "激活链接", "the link"),
        post("/activate", sign_in::activate)
            .open()
            .audit_none(NOTED)
            .doc("激活账号：设置密码", "open an account: choose the password"),
        get("/demo", sign_in::demo_page)
            .open()
            .audit_none("a demo only")
            .doc("切换身份（仅演示）", "switch role (demo only)"),
        post("/demo", sign_in::demo_switch)
            .open()
            .audit_none("a demo only")
            .doc("切换身份（仅演示）", "switch role (demo only)")
            .takes("name", "身份", "whom to be")
            .takes("phrase", "共享演示的口令", "pass phrase of a shared demo"),
    ]
}

fn own_routes() -> Vec<Route> {
    vec![
        get("/account", account::show).needs(OWN).audit_none(READS).doc("我的账号", "the own account").both(),
        post("/account/password", account::change_password)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("修改密码", "change the own password")
            .both(),
        post("/account/second-step", account::enrol)
            .needs(OWN)
            .audit_none("nothing is asked for until confirmed")
            .doc("启用两步登录：取得密钥", "second step: get the secret")
            .both(),
        post("/account/second-step/confirm", account::confirm)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("启用两步登录：确认", "second step: turn it on")
            .both(),
        post("/account/second-step/off", account::turn_off)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("关闭两步登录", "second step: turn it off")
            .both(),
        post("/account/stand-ins", account::name_stand_in)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("指定代理人", "name a stand-in"),
        post("/account/stand-ins/end", account::end_stand_in)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("提前结束代理", "end a stand-in"),
        post("/account/sessions/end", account::end_sessions)
            .needs(OWN)
            .audit_none(NOTED)
            .doc("退出全部会话", "end all own sessions")
            .both(),
    ]
}

fn people_routes() -> Vec<Route> {
    vec![
        get("/accounts", people::list)
            .needs(READ)
            .audit_none(READS)
            .doc("账号列表", "list accounts")
            .takes("q", "登录名或姓名", "words in the names")
            .takes("department", "部门代码", "department code")
            .takes("role", "角色", "role")
            .takes("state", "状态", "state"),
        get("/accounts/new", people::new).needs(MANAGE).audit_none("a form").doc("新建账号", "form for a new account"),
        post("/accounts", people::create).needs(MANAGE).decides("accounts.made").doc("新建账号", "make an account"),
        get("/accounts/import", imports::choose).needs(MANAGE).audit_none("a form").doc("导入人员", "import people"),
        post("/accounts/import", imports::check)
            .needs(MANAGE)
            .audit_none("makes nothing yet")
            .doc("导入人员：检查", "import people: check the list")
            .body_max(imports::FILE_BYTES_MAX + 16 * 1024),
        post("/accounts/import/apply", imports::apply)
            .needs(MANAGE)
            .decides("accounts.imported")
            .doc("导入人员：建立", "import people: make the accounts")
            .timeout(300),
        get("/accounts/acts", people::acts).needs(ACTS).audit("accounts.acts_read").doc("特权操作", "privileged acts"),
    ]
}

fn person_routes() -> Vec<Route> {
    vec![
        get("/accounts/{id}", person::show).needs(READ).audit_none(READS).doc("一个账号", "one account"),
        post("/accounts/{id}/roles", person::set_roles)
            .needs(MANAGE)
            .decides("accounts.roles_set")
            .doc("授予和收回角色", "set the roles")
            .takes("roles", "全部角色，可多个", "all roles, several"),
        post("/accounts/{id}/move", person::move_to)
            .needs(MANAGE)
            .decides("accounts.moved")
            .doc("调整部门和岗位", "move to a department and post"),
        post("/accounts/{id}/lock", person::lock).needs(MANAGE).decides("accounts.locked").doc("锁定", "lock"),
        post("/accounts/{id}/unlock", person::unlock).needs(MANAGE).decides("accounts.unlocked").doc("解锁", "unlock"),
        post("/accounts/{id}/link", person::link)
            .needs(MANAGE)
            .decides("accounts.invited_again")
            .doc("重发激活链接", "make a new activation link"),
        post("/accounts/{id}/mail", person::give_address)
            .needs(MANAGE)
            .decides("accounts.address_given")
            .doc("登记邮箱", "give an account its mail address")
            .takes("mail", "邮箱", "mail address"),
        post("/accounts/{id}/sessions/end", person::end_sessions)
            .needs(MANAGE)
            .decides("accounts.sessions_ended")
            .doc("结束会话", "end one session or all"),
        post("/accounts/{id}/second-step/off", person::turn_off_second_step)
            .needs(MANAGE)
            .decides("accounts.second_step_off")
            .doc("关闭两步登录", "turn the second step off"),
        post("/accounts/{id}/hand-over", person::hand_over)
            .needs(MANAGE)
            .decides("accounts.handed_over")
            .doc("移交并离任", "hand over and close"),
        post("/accounts/{id}/leave", person::leave)
            .needs(MANAGE)
            .decides("accounts.left")
            .doc("离任", "close the account"),
    ]
}

fn department_routes() -> Vec<Route> {
    vec![
        get("/departments", departments::list).open().audit_none("public list").doc("机构", "list departments").takes(
            "closed",
            "1 为含已撤销的",
            "1 for closed ones too",
        ),
        get("/departments/{code}", departments::show)
            .open()
            .audit_none("public list")
            .doc("一个机构", "one department with its history and posts"),
        post("/departments", departments::create)
            .needs(REORGANISE)
            .decides("accounts.department_made")
            .doc("新设机构", "make a department"),
        post("/departments/{code}/rename", departments::rename)
            .needs(REORGANISE)
            .decides("accounts.department_renamed")
            .doc("机构更名", "rename a department at a date"),
        post("/departments/{code}/merge", departments::merge)
            .needs(REORGANISE)
            .decides("accounts.department_merged")
            .doc("机构合并", "merge a department into another at a date"),
        post("/departments/{code}/split", departments::split)
            .needs(REORGANISE)
            .decides("accounts.department_split")
            .doc("机构拆分", "split a department at a date"),
        post("/departments/{code}/posts", departments::create_post)
            .needs(REORGANISE)
            .decides("accounts.post_made")
            .doc("新设岗位", "make a post"),
        post("/departments/{code}/posts/close", departments::close_post)
            .needs(REORGANISE)
            .decides("accounts.post_closed")
            .doc("撤销岗位", "close a post"),
    ]
}

fn rights_routes() -> Vec<Route> {
    vec![
        get("/matrix", rights::matrix).needs(MATRIX).audit_none(READS).doc("权限矩阵", "matrix of permissions"),
        get("/why", rights::why)
            .open()
            .audit_none("explains the reader's own permissions")
            .doc("为什么不能", "why can't I")
            .takes("permission", "权限", "permission")
            .takes("department", "部门代码", "department code")
            .takes("of", "登录名（安全管理员）", "sign-in name (security administrator)"),
    ]
}
