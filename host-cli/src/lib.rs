//! The library behind the program `pipeline`.
