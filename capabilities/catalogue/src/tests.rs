//! What callers of the catalogue rely on.

mod city;
mod model;
mod ops;
mod pages;
mod tables;
mod telling;
