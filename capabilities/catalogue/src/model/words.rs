//! The closed lists of the catalogue, each with the word that stands in the store, in JSON, in addresses and in tables,
//! and the Chinese word of the compiling guide, which tables may use instead.

use serde::{Deserialize, Serialize};
use yiwang_kernel::{Error, Result};

/// One enum with its words. A function cannot make the enum and its list agree.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident $field:literal {
        $($(#[$about:meta])* $variant:ident = $word:literal $zh:literal,)+
    }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name {
            $($(#[$about])* $variant,)+
        }

        impl $name {
            /// All of them, in the order pages list them.
            pub const ALL: &'static [$name] = &[$($name::$variant,)+];

            /// The word in the store, in JSON and in addresses.
            pub fn word(self) -> &'static str {
                match self {
                    $($name::$variant => $word,)+
                }
            }

            /// The Chinese word of the compiling guide.
            pub fn zh(self) -> &'static str {
                match self {
                    $($name::$variant => $zh,)+
                }
            }

            /// From either word; refused naming the field.
            pub fn parse(text: &str) -> Result<$name> {
                let known = $name::ALL.iter().find(|one| one.word() == text || one.zh() == text);
                known.copied().ok_or_else(|| Error::invalid($field, "catalogue-word").with("given", text))
            }

            /// The message id of its text.
            pub fn text_id(self) -> String {
                format!(concat!("catalogue-", $field, "-{}"), self.word().replace('_', "-"))
            }
        }
    };
}

words! {
    /// Where an entry stands.
    State "state" {
        /// Being written.
        Draft = "draft" "草稿",
        /// Waits for the reviewer.
        Review = "review" "待审核",
        /// Offered.
        Published = "published" "已发布",
        /// Published, and its next wording is being written.
        Changing = "changing" "变更中",
        /// Sent back to be mended.
        Returned = "returned" "已退回",
        /// No longer offered.
        Retired = "retired" "停用",
    }
}

words! {
    /// 信息资源格式: how the resource is handed over.
    Format "format" {
        /// A database table.
        Table = "table" "库表",
        /// Files.
        File = "file" "文件",
        /// An interface.
        Api = "api" "接口",
    }
}

words! {
    /// The three kinds of store a resource belongs to.
    Library "library" {
        /// Persons, legal bodies, space, credit, electronic licences.
        Base = "base" "基础库",
        /// Built by several departments around one theme.
        Theme = "theme" "主题库",
        /// One department's own.
        Business = "business" "业务库",
    }
}

words! {
    /// 共享类型. There is no "refused" here: what is withheld stands on the negative list, with its basis.
    Sharing "sharing" {
        /// To every department.
        Unconditional = "unconditional" "无条件共享",
        /// To some departments, or in part.
        Conditional = "conditional" "有条件共享",
    }
}

words! {
    /// 开放类型: what is meant to happen; [`Opened`] says what has happened.
    Opening "opening" {
        /// To everybody.
        Unconditional = "unconditional" "无条件开放",
        /// On request.
        Conditional = "conditional" "有条件开放",
        /// Not.
        Refused = "refused" "不予开放",
    }
}

words! {
    /// 更新周期: how often the provider promises new data.
    Cycle "cycle" {
        /// As it happens.
        Realtime = "realtime" "实时",
        /// Every day.
        Daily = "daily" "每日",
        /// Every week.
        Weekly = "weekly" "每周",
        /// Every month.
        Monthly = "monthly" "每月",
        /// Every three months.
        Quarterly = "quarterly" "每季度",
        /// Every half year.
        HalfYearly = "half_yearly" "每半年",
        /// Every year.
        Yearly = "yearly" "每年",
        /// Without rhythm.
        Irregular = "irregular" "不定期",
    }
}

words! {
    /// Whether the data is open to the public.
    Opened "opened" {
        /// Not yet.
        Closed = "closed" "未开放",
        /// Somebody asked to open it.
        Asked = "asked" "待审查",
        /// The public grant holds.
        Open = "open" "已开放",
        /// Taken down in an emergency.
        TakenDown = "taken_down" "应急下架",
        /// Opened once, and closed for good.
        Withdrawn = "withdrawn" "已撤回",
    }
}
