//! What callers of the catalogue rely on.

mod city;
mod model;
mod no_lake;
mod ops;
mod pages;
mod tables;
