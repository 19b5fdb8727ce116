//! The product as its users meet it: the binary started on a demo city, asked over HTTP, in a browser, from the
//! command line. Tests of single rules live with their crates.

mod browser;
mod city;
mod command_line;
mod pages;
mod real_data;
mod strength;
mod systems;
mod visitor;
