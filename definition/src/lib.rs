//! The one reader of `node-definition.json`, which says what the node is: every resource, operation and parameter.
//!
//! A key that this model does not know is an error that names its place, and so is a name that leads nowhere, so
//! code that uses the definition need not check it again.

mod check;
mod error;
pub mod facts;
mod form;
mod model;
mod property;
mod tables;
mod value_type;
mod version;
mod writer;

pub use error::Error;
pub use form::form;
pub use model::{
    Answer, AnswerKind, Body, Definition, Field, FormerPath, Locator, Method, Offer, Operation, OperationKind,
    QueryOption, Resource, Right, Type,
};
pub use property::{
    Choice, DisplayOptions, Entry, FieldWords, Group, Mode, Property, PropertyKind, ResourceMapper, TypeOptions,
};
pub use tables::tables;
pub use value_type::{Scalar, ValueType};
pub use version::Version;
pub use writer::write;
