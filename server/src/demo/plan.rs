//! The plan of the demo city: departments, entries, tables and their rows, as a function of (seed, as-of, rows).
//! Only says what there shall be; `demo` brings it in through the same operations a real city uses.

use anyhow::{Context, Result, ensure};
use serde::Deserialize;
use yiwang_codes::catalogue::{Class, Code};
use yiwang_kernel::CivilDate;

use super::dice::Dice;
use super::maker::{Census, Maker, Setting};
use super::words::{FIELDS, FORMS, SUBJECTS};

/// Entries of the catalogue, those with rows included (design.md: scale target of the plans).
const ENTRIES: usize = 1_322;
/// Fields of all entries together.
const FIELDS_TOTAL: usize = 14_722;
/// Rows of the whole city where nothing else is asked.
pub(crate) const ROWS_DEFAULT: u64 = 2_000_000;
const PERSONS: u64 = 20_000;
const FIRMS: u64 = 3_000;
/// The departments, one a line.
const DEPARTMENTS: &[u8] = include_bytes!("departments.csv");
/// Rows refused on purpose in one table.
const REFUSED_ROWS: u64 = 312;

/// The field two departments claim to be the source of.
pub(crate) const CLAIMED: &str = "capital";
const REGISTER: &str = "企业登记基本信息";
const SECOND_CLAIM: &str = "037";

/// What is asked of the demo.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wish {
    /// Same seed, same city.
    pub(crate) seed: u64,
    /// The day the city is seen from.
    pub(crate) as_of: CivilDate,
    /// Rows of all tables together, about.
    pub(crate) rows: u64,
}

/// The whole city.
pub(crate) struct Plan {
    /// The departments, 84 of them.
    pub(crate) departments: Vec<Department>,
    /// The entries, those with tables first.
    pub(crate) entries: Vec<Entry>,
    /// The tables with rows.
    pub(crate) tables: Vec<Table>,
    /// Persons and firms.
    pub(crate) census: Census,
    seed: u64,
}

/// A department, in the order of the columns of departments.csv.
#[derive(Deserialize)]
pub(crate) struct Department {
    /// Its code, three digits.
    pub(crate) code: String,
    /// Its full name.
    pub(crate) name: String,
    /// What people call it.
    pub(crate) short: String,
    /// English.
    pub(crate) english: String,
    /// What it is about.
    pub(crate) theme: String,
}

/// A catalogue entry.
pub(crate) struct Entry {
    /// Catalogue code.
    pub(crate) code: String,
    /// Chinese title.
    pub(crate) title: String,
    /// English title.
    pub(crate) english: String,
    /// What it holds.
    pub(crate) summary: String,
    /// Provider's code.
    pub(crate) department: String,
    /// Theme.
    pub(crate) theme: String,
    /// Update cycle promised.
    pub(crate) cycle: String,
    /// 1 to 4.
    pub(crate) grade: u8,
    /// Fields: name, Chinese, English, type.
    pub(crate) fields: Vec<[String; 4]>,
}

/// A table with rows.
pub(crate) struct Table {
    /// The catalogue code of its entry.
    pub(crate) code: String,
    /// Names the table in the dice.
    pub(crate) slug: String,
    /// The provider.
    pub(crate) department: String,
    /// Key columns.
    pub(crate) key: Vec<String>,
    /// To be opened to the public.
    pub(crate) open: bool,
    /// Rows.
    pub(crate) rows: u64,
    /// Of which so many are broken on purpose.
    pub(crate) refused: u64,
    one_per_party: bool,
    from: CivilDate,
    days: u64,
    columns: Vec<Column>,
}

#[derive(Clone)]
struct Column {
    name: String,
    title: String,
    english: String,
    maker: String,
}

#[derive(Deserialize)]
struct Declared {
    table: Vec<DeclaredTable>,
}

#[derive(Deserialize)]
struct DeclaredTable {
    slug: String,
    title: String,
    english: String,
    summary: String,
    department: String,
    #[serde(default)]
    share: f64,
    #[serde(default)]
    fixed: u64,
    people: Option<String>,
    years: Option<i16>,
    #[serde(default)]
    key: Vec<String>,
    #[serde(default)]
    open: bool,
    grade: Option<u8>,
    cycle: String,
    columns: Vec<String>,
}

impl Plan {
    /// The plan of this wish.
    pub(crate) fn new(wish: Wish) -> Result<Plan> {
        let departments = departments()?;
        let scale = (wish.rows as f64 / ROWS_DEFAULT as f64).min(1.0);
        let scaled = |count: u64| ((count as f64 * scale) as u64).max(20);
        let census = Census { persons: scaled(PERSONS), firms: scaled(FIRMS) };
        let declared: Declared = toml::from_str(include_str!("tables.toml")).context("demo/tables.toml")?;
        let mut plan = Plan { departments, entries: Vec::new(), tables: Vec::new(), census, seed: wish.seed };
        for table in &declared.table {
            plan.add_tables(table, wish, scale)?;
        }
        plan.spread_rows(&declared, wish.rows);
        plan.add_entries()?;
        Ok(plan)
    }

    /// The text of a table as its department exports it: UTF-8, commas, Chinese headers.
    pub(crate) fn csv(&self, table: &Table) -> Result<String> {
        let names: Vec<String> = self.departments.iter().map(|department| department.short.clone()).collect();
        let setting = Setting {
            seed: self.seed,
            slug: &table.slug,
            from: table.from,
            days: table.days,
            one_per_party: table.one_per_party,
            census: self.census,
            departments: &names,
        };
        let make = |column: &Column| Maker::new(&column.maker, &column.name, &setting);
        let makers = table.columns.iter().map(make).collect::<Result<Vec<_>>>()?;
        let titles: Vec<&str> = table.columns.iter().map(|column| column.title.as_str()).collect();
        let mut out = titles.join(",");
        out.push('\n');
        let broken_every = table.rows.checked_div(table.refused).unwrap_or(0);
        for row in 0..table.rows {
            for (place, maker) in makers.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                maker.write(&mut out, row, &setting).context("writing to a string")?;
            }
            if broken_every > 0 && row % broken_every == 0 && row / broken_every < table.refused {
                out.push_str(",多余的一列");
            }
            out.push('\n');
        }
        Ok(out)
    }

    /// Fields of all entries together.
    pub(crate) fn fields(&self) -> usize {
        self.entries.iter().map(|entry| entry.fields.len()).sum()
    }

    fn add_tables(&mut self, declared: &DeclaredTable, wish: Wish, scale: f64) -> Result<()> {
        let department = self.departments.iter().position(|department| department.code == declared.department);
        let department = department.with_context(|| format!("{}: no such department", declared.slug))?;
        let columns = declared.columns.iter().map(|line| Column::parse(line)).collect::<Result<Vec<_>>>()?;
        let newest = wish.as_of.parts().0;
        for back in (0..declared.years.unwrap_or(1)).rev() {
            let year = newest - back;
            let from = CivilDate::new(year, 1, 1).context("a year the calendar does not have")?;
            let (_, month, day) = wish.as_of.parts();
            let days = if back > 0 { 365 } else { (i64::from(month) - 1) * 30 + i64::from(day) };
            let dated = |text: &str| declared.years.map_or_else(|| text.to_owned(), |_| format!("{text}（{year}年）"));
            let code = self.code(department)?;
            let rows = match declared.people.as_deref() {
                Some("persons") => self.census.persons,
                Some(_) => self.census.firms,
                None => (declared.fixed as f64 * scale) as u64,
            };
            self.entries.push(Entry {
                code: code.clone(),
                title: dated(&declared.title),
                english: declared
                    .years
                    .map_or_else(|| declared.english.clone(), |_| format!("{} {year}", declared.english)),
                summary: declared.summary.clone(),
                department: declared.department.clone(),
                theme: self.departments[department].theme.clone(),
                cycle: declared.cycle.clone(),
                grade: declared.grade.unwrap_or(1),
                fields: columns.iter().map(Column::field).collect(),
            });
            self.tables.push(Table {
                code,
                slug: format!("{}_{year}", declared.slug),
                department: declared.department.clone(),
                key: declared.key.clone(),
                open: declared.open,
                rows: if declared.fixed > 0 { rows.max(20) } else { rows },
                refused: 0,
                one_per_party: declared.people.is_some(),
                from,
                days: u64::try_from(days).unwrap_or(1).max(1),
                columns: columns.clone(),
            });
        }
        Ok(())
    }

    /// Tables with a share divide what the fixed ones leave; one of them gets the rows broken on purpose.
    fn spread_rows(&mut self, declared: &Declared, rows: u64) {
        let taken: u64 = self.tables.iter().map(|table| table.rows).sum();
        let left = rows.saturating_sub(taken) as f64;
        let share_of = |slug: &str| {
            let owner = declared.table.iter().find(|table| slug.starts_with(&table.slug));
            owner.filter(|table| table.fixed == 0 && table.people.is_none()).map_or(0.0, |table| table.share)
        };
        let total: f64 = self.tables.iter().map(|table| share_of(&table.slug)).sum();
        for table in self.tables.iter_mut().filter(|table| share_of(&table.slug) > 0.0) {
            table.rows = ((left * share_of(&table.slug) / total) as u64).max(20);
        }
        let stays = self.tables.iter_mut().rfind(|table| table.slug.starts_with("parking_stays"));
        if let Some(stays) = stays {
            stays.refused = REFUSED_ROWS.min(stays.rows / 130);
        }
    }

    /// Entries without rows, so that there are 1,322 with 14,722 fields in all.
    fn add_entries(&mut self) -> Result<()> {
        let taken: usize = self.entries.iter().map(|entry| entry.fields.len()).sum();
        let count = ENTRIES.checked_sub(self.entries.len()).context("more tables than entries")?;
        let fields = FIELDS_TOTAL.checked_sub(taken).context("more columns than fields")?;
        let dice = Dice::new(self.seed, "entries");
        for place in 0..count {
            let department = place % self.departments.len();
            let turn = place / self.departments.len();
            let subject = SUBJECTS[(department * 7 + turn * 5) % SUBJECTS.len()];
            let (form, form_english) = FORMS[(department + turn) % FORMS.len()];
            let owner = &self.departments[department];
            let wanted = fields / count + usize::from(place < fields % count);
            ensure!(wanted <= FIELDS.len(), "an entry with {wanted} fields");
            let start = usize::try_from(dice.below(place as u64, FIELDS.len() as u64)).unwrap_or(0);
            let pool = FIELDS.iter().cycle().skip(start).take(wanted);
            let entry = Entry {
                code: String::new(),
                title: format!("{}{subject}{form}", owner.short),
                english: format!("{}: {form_english} {}", owner.english, turn + 1),
                summary: format!("{}掌握的{subject}{form}，由本单位业务系统产生。", owner.name),
                department: owner.code.clone(),
                theme: owner.theme.clone(),
                cycle: dice
                    .pick(place as u64 ^ 1 << 33, &["daily", "weekly", "monthly", "quarterly", "yearly"])
                    .to_owned(),
                grade: 1 + u8::try_from(dice.below(place as u64 ^ 1 << 34, 3)).unwrap_or(0),
                fields: pool.map(|(name, zh, en, kind)| [name, zh, en, kind].map(|text| (*text).to_owned())).collect(),
            };
            let code = self.code(department)?;
            self.entries.push(Entry { code, ..entry });
        }
        self.plant_claim()
    }

    /// The tax service says it is the source of the firms' capital, as the register of firms does.
    fn plant_claim(&mut self) -> Result<()> {
        let register = self.entries.iter().find(|entry| entry.title == REGISTER).context("no register of firms")?;
        let capital = register.fields.iter().find(|field| field[0] == CLAIMED).context("no capital")?.clone();
        let second = self.entries.iter_mut().find(|entry| entry.department == SECOND_CLAIM).context("no tax entry")?;
        second.fields[0] = capital;
        Ok(())
    }

    /// The next catalogue code of this department: class 3, the department as 目, numbered in order; written with `-`.
    fn code(&self, department: usize) -> Result<String> {
        let owner = &self.departments[department].code;
        let heading = owner.parse().context("a department's code is three digits")?;
        let used = self.entries.iter().filter(|entry| entry.department == *owner).count() as u64;
        Code::new(Class::Department, 7, heading, "", used + 1)
            .map(|code| code.to_string().replacen('/', "-", 1))
            .map_err(|fault| anyhow::anyhow!("catalogue code: {}", fault.word()))
    }
}

impl Column {
    fn parse(line: &str) -> Result<Column> {
        let parts: Vec<&str> = line.split('|').map(str::trim).collect();
        let [name, title, english, maker] = parts.as_slice() else {
            anyhow::bail!("`{line}` is not name | 中文 | English | maker")
        };
        let text = |part: &str| part.to_owned();
        Ok(Column { name: text(name), title: text(title), english: text(english), maker: text(maker) })
    }

    fn field(&self) -> [String; 4] {
        let kind = match self.maker.split_whitespace().next().unwrap_or_default() {
            "int" => "integer",
            "decimal" | "lon" | "lat" => "decimal",
            "date" | "day" | "born" => "date",
            "time" | "hour" => "timestamp",
            "bool" => "boolean",
            _ => "text",
        };
        [self.name.clone(), self.title.clone(), self.english.clone(), kind.to_owned()]
    }
}

fn departments() -> Result<Vec<Department>> {
    let mut reader = csv::ReaderBuilder::new().comment(Some(b'#')).has_headers(false).from_reader(DEPARTMENTS);
    reader.deserialize().collect::<Result<_, _>>().context("demo/departments.csv")
}
