//! People with accounts and their roles. Secrets are in `secrets`.

use yiwang_kernel::{Cursor, Error, Id, Instant, ListPage, PageRequest, Result, Role};
use yiwang_store::{Db, Row, Tx, Value};

use crate::model::{Person, State, folded, name_hash};
use crate::ops::PeopleFilter;

/// Holders of a role that are told something at most; with two such roles still within a message's limit.
const HOLDERS_MAX: usize = 200;
const COLUMNS: &str = "SELECT p.id, p.name, p.display, p.department, p.post, p.state, p.created, p.totp_confirmed,
    t.locked_until FROM accounts_people p LEFT JOIN accounts_tries t ON t.name_hash = p.name_hash";

const MATCHES: &str = "($1 = '' OR p.folded LIKE $1 ESCAPE '!') AND ($2 = '' OR p.department = $2)
    AND ($3 = '' OR p.state = $3)
    AND ($4 = '' OR EXISTS (SELECT 1 FROM accounts_roles r WHERE r.person = p.id AND r.role = $4))";

pub(crate) async fn insert(tx: &mut Tx<'_>, person: &Person, password: Option<&str>) -> Result<()> {
    tx.execute(
        "INSERT INTO accounts_people (id, name, display, folded, department, post, state, created, name_hash,
           password, totp, totp_confirmed, totp_step)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, 0, NULL)",
        &[
            person.id.into(),
            (&person.name).into(),
            (&person.display).into(),
            folded(&person.name, &person.display).into(),
            person.department.clone().into(),
            person.post.into(),
            person.state.word().into(),
            person.created.into(),
            name_hash(&person.name).into(),
            password.into(),
        ],
    )
    .await?;
    for role in &person.roles {
        add_role(tx, person.id, *role, person.created).await?;
    }
    Ok(())
}

/// Gives a role; the table itself refuses a second administrator's.
pub(crate) async fn add_role(tx: &mut Tx<'_>, person: Id, role: Role, now: Instant) -> Result<()> {
    let sql = "INSERT INTO accounts_roles (person, role, since) VALUES ($1, $2, $3)";
    tx.execute(sql, &[person.into(), role.word().into(), now.into()]).await?;
    Ok(())
}

pub(crate) async fn remove_role(tx: &mut Tx<'_>, person: Id, role: Role) -> Result<()> {
    let sql = "DELETE FROM accounts_roles WHERE person = $1 AND role = $2";
    tx.execute(sql, &[person.into(), role.word().into()]).await?;
    Ok(())
}

pub(crate) async fn set_place(tx: &mut Tx<'_>, id: Id, department: Option<&str>, post: Option<Id>) -> Result<()> {
    let sql = "UPDATE accounts_people SET department = $2, post = $3 WHERE id = $1";
    tx.execute(sql, &[id.into(), department.into(), post.into()]).await?;
    Ok(())
}

pub(crate) async fn set_state(tx: &mut Tx<'_>, id: Id, state: State) -> Result<()> {
    let sql = "UPDATE accounts_people SET state = $2 WHERE id = $1";
    tx.execute(sql, &[id.into(), state.word().into()]).await?;
    Ok(())
}

pub(crate) async fn by_name(db: &Db, name: &str) -> Result<Option<Person>> {
    let rows = db.query(&format!("{COLUMNS} WHERE p.name = $1"), &[name.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let sql = "SELECT role FROM accounts_roles WHERE person = $1 ORDER BY role";
    let roles = db.query(sql, &[row.id("id")?.into()]).await?;
    person(row, &roles).map(Some)
}

pub(crate) async fn by_id(db: &Db, id: Id) -> Result<Option<Person>> {
    let rows = db.query(&format!("{COLUMNS} WHERE p.id = $1"), &[id.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let roles = db.query("SELECT role FROM accounts_roles WHERE person = $1 ORDER BY role", &[id.into()]).await?;
    person(row, &roles).map(Some)
}

/// As [`by_id`], within a transaction; what it shows holds until the commit.
pub(crate) async fn by_id_in(tx: &mut Tx<'_>, id: Id) -> Result<Option<Person>> {
    let rows = tx.query(&format!("{COLUMNS} WHERE p.id = $1"), &[id.into()]).await?;
    let Some(row) = rows.first() else { return Ok(None) };
    let roles = tx.query("SELECT role FROM accounts_roles WHERE person = $1 ORDER BY role", &[id.into()]).await?;
    person(row, &roles).map(Some)
}

pub(crate) async fn is_named(tx: &mut Tx<'_>, name: &str) -> Result<bool> {
    Ok(tx.query_one("SELECT 1 AS one FROM accounts_people WHERE name = $1", &[name.into()]).await?.is_some())
}

/// The names already taken, of those given.
pub(crate) async fn taken(db: &Db, names: &[&str]) -> Result<Vec<String>> {
    let mut taken = Vec::new();
    for chunk in names.chunks(200) {
        let places: Vec<String> = (1..=chunk.len()).map(|place| format!("${place}")).collect();
        let sql = format!("SELECT name FROM accounts_people WHERE name IN ({})", places.join(", "));
        let values: Vec<Value> = chunk.iter().map(|name| Value::from(*name)).collect();
        for row in db.query(&sql, &values).await? {
            taken.push(row.text("name")?);
        }
    }
    Ok(taken)
}

/// How many others who have not left hold this role, in this department where one is given.
pub(crate) async fn others_with(tx: &mut Tx<'_>, role: Role, department: Option<&str>, but: Id) -> Result<i64> {
    let row = tx
        .query_one(
            "SELECT count(*) AS n FROM accounts_roles r JOIN accounts_people p ON p.id = r.person
             WHERE r.role = $1 AND p.state <> 'left' AND p.id <> $2 AND ($3 = '' OR p.department = $3)",
            &[role.word().into(), but.into(), department.unwrap_or_default().into()],
        )
        .await?;
    row.map_or(Ok(0), |row| row.int("n"))
}

/// Who holds this role and has not left, in this department where one is given.
pub(crate) async fn holders(tx: &mut Tx<'_>, role: Role, department: Option<&str>) -> Result<Vec<Id>> {
    let sql = "SELECT p.id AS id FROM accounts_roles r JOIN accounts_people p ON p.id = r.person
        WHERE r.role = $1 AND p.state <> 'left' AND ($2 = '' OR p.department = $2) ORDER BY p.id LIMIT $3";
    let values = [role.word().into(), department.unwrap_or_default().into(), HOLDERS_MAX.into()];
    tx.query(sql, &values).await?.iter().map(|row| row.id("id")).collect()
}

/// Whether anybody who has not left holds one of these roles.
pub(crate) async fn any_with(db: &Db, roles: &[Role]) -> Result<bool> {
    for role in roles {
        let sql = "SELECT 1 AS one FROM accounts_roles r JOIN accounts_people p ON p.id = r.person
             WHERE r.role = $1 AND p.state <> 'left' LIMIT 1";
        if db.query_one(sql, &[role.word().into()]).await?.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// People who match, by sign-in name.
pub(crate) async fn list(db: &Db, filter: &PeopleFilter, request: &PageRequest) -> Result<ListPage<Person>> {
    let after = match &request.after {
        None => "",
        Some(Cursor(parts)) => parts.first().ok_or_else(|| Error::invalid("after", "cursor-format"))?,
    };
    let rows_max = request.rows();
    let matching: [Value; 4] = [
        filter.words.as_deref().map_or_else(String::new, pattern).into(),
        filter.department.clone().unwrap_or_default().into(),
        filter.state.map_or("", State::word).into(),
        filter.role.map_or("", Role::word).into(),
    ];
    let mut values = matching.to_vec();
    values.extend([after.into(), (rows_max + 1).into()]);
    let sql = format!("{COLUMNS} WHERE {MATCHES} AND p.name > $5 ORDER BY p.name LIMIT $6");
    let mut rows = db.query(&sql, &values).await?;
    let total =
        db.query_one(&format!("SELECT count(*) AS n FROM accounts_people p WHERE {MATCHES}"), &matching).await?;
    let total = total.map_or(Ok(0), |row| row.int("n"))?;
    let more = rows.len() > rows_max;
    rows.truncate(rows_max);
    let people = with_roles(db, &rows).await?;
    let last = people.last().filter(|_| more);
    let next = last.map(|person| Cursor(vec![person.name.clone()]));
    Ok(ListPage { rows: people, total: u64::try_from(total).unwrap_or(0), next })
}

async fn with_roles(db: &Db, rows: &[Row]) -> Result<Vec<Person>> {
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Value> = rows.iter().map(|row| row.id("id").map(Value::from)).collect::<Result<_>>()?;
    let places: Vec<String> = (1..=ids.len()).map(|place| format!("${place}")).collect();
    let sql = format!(
        "SELECT person, role FROM accounts_roles WHERE person IN ({}) ORDER BY person, role",
        places.join(", ")
    );
    let roles = db.query(&sql, &ids).await?;
    let mut people = Vec::new();
    for row in rows {
        let id = row.id("id")?;
        let own: Vec<Row> = roles.iter().filter(|role| role.id("person").is_ok_and(|of| of == id)).cloned().collect();
        people.push(person(row, &own)?);
    }
    Ok(people)
}

/// `%words%` with the wildcards in the words taken literally.
fn pattern(words: &str) -> String {
    let mut pattern = String::from("%");
    for char in words.trim().to_lowercase().chars() {
        if matches!(char, '%' | '_' | '!') {
            pattern.push('!');
        }
        pattern.push(char);
    }
    pattern.push('%');
    pattern
}

fn person(row: &Row, roles: &[Row]) -> Result<Person> {
    let mut held = roles.iter().map(|row| row.text("role")?.parse()).collect::<Result<Vec<Role>>>()?;
    held.sort_unstable();
    Ok(Person {
        id: row.id("id")?,
        name: row.text("name")?,
        display: row.text("display")?,
        department: row.opt_text("department")?,
        post: row.opt_id("post")?,
        roles: held,
        state: row.text("state")?.parse()?,
        locked_until: row.opt_instant("locked_until")?,
        created: row.instant("created")?,
        second_step: row.bool("totp_confirmed")?,
    })
}
