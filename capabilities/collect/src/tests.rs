//! What callers of loading rely on.

mod city;
mod loads;
mod model;
