//! What visitors and programs rely on.

mod addresses;
mod city;
mod faults;
mod formats;
mod open_data;
mod uploads;
