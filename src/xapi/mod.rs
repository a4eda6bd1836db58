//! What the XAPI is like: addresses, requests, answers, OData, and what an answer proves.

pub mod base_url;
pub mod error;
pub mod file_name;
pub mod login;
pub mod odata;
pub mod pages;
pub mod problems;
pub mod proof;
pub mod protocol;
pub mod records;
pub mod request;
pub mod response;
pub mod transport;
pub mod version;
