//! What is read of tables that people send in: text as shown, limits before memory.

use rust_xlsxwriter::{ExcelDateTime, Format, Workbook as Written};

use crate::list;

fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut book = Written::new();
    fill(book.add_worksheet());
    book.save_to_buffer().expect("a workbook")
}

fn code(bytes: &[u8], rows_max: usize) -> &'static str {
    list(bytes, rows_max).expect_err("refused").code()
}

#[test]
fn a_workbook_reads_as_it_is_shown_with_its_row_numbers() {
    let bytes = workbook(|sheet| {
        let day = ExcelDateTime::from_ymd(2026, 3, 1).expect("a day");
        sheet.write(1, 0, "代码").expect("written");
        sheet.write(1, 2, "到期").expect("written");
        sheet.write(4, 0, 306_001.0).expect("written");
        sheet.write_datetime_with_format(4, 2, &day, &Format::new().set_num_format("yyyy-mm-dd")).expect("written");
    });
    let rows = list(&bytes, 10).expect("a list");
    let cells = |cells: [&str; 3]| cells.map(str::to_owned).to_vec();
    assert_eq!(rows, [(2, cells(["代码", "", "到期"])), (5, cells(["306001", "", "2026-03-01"]))]);
}

#[test]
fn text_reads_the_same_in_either_encoding_and_blank_rows_count_but_do_not_stand() {
    let text = "代码,名称\r\n,\r\n1, 停车场 \r\n";
    let (gb, _, _) = encoding_rs::GB18030.encode(text);
    for bytes in [text.as_bytes(), &gb, format!("\u{feff}{text}").as_bytes()] {
        let rows = list(bytes, 10).expect("a list");
        assert_eq!(rows.iter().map(|(number, _)| *number).collect::<Vec<_>>(), [1, 3]);
        assert_eq!(rows[1].1, ["1", "停车场"]);
    }
}

#[test]
fn limits_hold_before_memory_does() {
    assert_eq!(code(b"a\n1\n2\n3\n", 2), "list-rows");
    let wide = workbook(|sheet| {
        sheet.write(0, 0, "a").expect("written");
        sheet.write(1_048_575, 16_383, "the far corner").expect("written");
    });
    assert_eq!(code(&wide, 10), "list-columns");
    assert_eq!(code(b"PK\x03\x04 no archive", 2), "list-unreadable");
    assert_eq!(code(b"\xff\xff\xff", 2), "list-unreadable");
}
