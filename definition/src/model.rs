//! The shape of `node-definition.json`.

use std::collections::BTreeMap;
use std::path::Path;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use crate::check;
use crate::error::{self, Error};
use crate::property::Property;
use crate::value_type::ValueType;
use crate::version::Version;

/// What the node offers.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Definition {
    /// The newest version of 3CX whose operations it has.
    pub version: Version,
    pub resources: Vec<Resource>,
    /// How the entities of each keyed set are chosen, by path of the set.
    pub locators: Vec<Locator>,
    pub types: BTreeMap<String, Type>,
    /// The members of each enum.
    pub enums: BTreeMap<String, Vec<String>>,
    /// The fields of forms as n8n wants them, in the order in which a form shows them.
    pub properties: IndexMap<String, Property>,
}

impl Definition {
    /// Reads it from a text.
    ///
    /// # Errors
    /// Names the place of a key that is unknown, missing or wrong, and of a name that leads nowhere.
    pub fn parse(text: &str) -> Result<Self, Error> {
        let definition: Self = error::parse(text)?;
        check::check(&definition)?;
        Ok(definition)
    }

    /// Reads it from a file.
    ///
    /// # Errors
    /// As [`Definition::parse`]; the place begins with the file.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let definition: Self = error::read(path)?;
        check::check(&definition)?;
        Ok(definition)
    }

    /// The operations of a resource, with those that it offers of others, in the words that it has for them.
    pub fn offered<'a>(&'a self, resource: &'a Resource) -> impl Iterator<Item = Operation> + 'a {
        let others = resource.offers.iter().filter_map(|Offer { value, name, action }| {
            let (_, operation) = self.operations().find(|(_, operation)| operation.value == *value)?;
            Some(Operation { name: name.clone(), action: action.clone(), ..operation.clone() })
        });
        resource.operations.iter().cloned().chain(others)
    }

    /// Every operation, with its resource.
    pub fn operations(&self) -> impl Iterator<Item = (&Resource, &Operation)> {
        self.resources.iter().flat_map(|resource| resource.operations.iter().map(move |one| (resource, one)))
    }
}

/// A group of operations, as people choose it first.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// What workflows save, such as `Groups`: never changed.
    pub value: String,
    /// What people read.
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub operations: Vec<Operation>,
    /// Operations of other resources that people look for here as well.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub offers: Vec<Offer>,
}

/// An operation of another resource under this one: the same, by the same value, in words that fit here.
#[derive(Debug, Clone, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Offer {
    pub value: String,
    pub name: String,
    pub action: String,
}

/// One thing that the node can do.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Operation {
    /// What workflows save, such as `List Group`: never changed, and another for each operation of all resources.
    pub value: String,
    /// What people read in the list of a resource's operations.
    pub name: String,
    /// A sentence that tells what it does without its resource.
    pub action: String,
    /// What it does, on what, what comes back, and what a person should know first.
    #[serde(default)]
    pub description: String,
    #[serde(default, skip_serializing_if = "is_default")]
    pub kind: OperationKind,
    pub method: Method,
    /// Below the API's root; parameters stand in braces.
    pub path: String,
    /// The set whose entity the path's first parameter names.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<String>,
    /// The path's parameters, in its order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parameters: Vec<Field>,
    /// Options of OData that it understands.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub query: Vec<QueryOption>,
    /// The most records of one page; see [`Operation::page_size`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub page_size: Option<u32>,
    /// Whether it can be made to depend on the record's ETag.
    #[serde(default, skip_serializing_if = "is_default")]
    pub if_match: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Body>,
    pub answer: Answer,
    /// The first version that has it.
    pub first: Version,
    /// The last one, where the newest has it no more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last: Option<Version>,
    /// The path that older versions know in place of this one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<FormerPath>,
    /// Whether something is gone afterwards that 3CX cannot bring back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub destroys: bool,
    /// Who may do it, where that is known to be few.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub needs: Option<Right>,
    /// Whether a success may hold a list of what failed.
    #[serde(default, skip_serializing_if = "is_default")]
    pub partial_failures: bool,
    /// Whether its purpose is to give a secret.
    #[serde(default, skip_serializing_if = "is_default")]
    pub reveals: bool,
    /// Whether a row must say that it means everything, because nothing that it gives narrows what is done.
    #[serde(default, skip_serializing_if = "is_default")]
    pub everything: bool,
    /// Whether carrying it out twice does no harm; see [`Operation::is_safe_to_repeat`].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub safe_to_repeat: Option<bool>,
    /// The fields of its form by name, where they are others than its facts ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub form: Option<Vec<String>>,
}

impl Operation {
    /// Whether carrying it out twice does no harm: reading, or setting what is set already, unless something else is said.
    pub fn is_safe_to_repeat(&self) -> bool {
        self.safe_to_repeat.unwrap_or(matches!(self.method, Method::Get | Method::Patch))
    }

    /// Whether it changes nothing, by whatever method it is asked.
    pub fn reads(&self) -> bool {
        matches!(self.method, Method::Get | Method::Post) && self.is_safe_to_repeat()
    }

    /// The most records of one page: 100 in an entity set.
    pub fn page_size(&self) -> u32 {
        self.page_size.unwrap_or(100)
    }

    pub fn has_pages(&self) -> bool {
        self.query.contains(&QueryOption::Page)
    }

    /// Whether it is one of 3CX's, and not of the node's own making.
    pub fn is_of_the_api(&self) -> bool {
        matches!(self.kind, OperationKind::Generic | OperationKind::ReplaceGroupLicense)
    }
}

/// Who may do something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Right {
    /// API clients with the role System Owner.
    SystemOwner,
    /// A person who is logged in: API clients are refused.
    User,
}

/// How an operation is carried out.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum OperationKind {
    /// As its facts say.
    #[default]
    Generic,
    ReplaceGroupLicense,
    CustomRequest,
    Upload,
    /// Calls of a period, made of the call log's legs.
    Calls,
    /// The legs themselves.
    Legs,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Method {
    #[default]
    Get,
    Post,
    Patch,
    Delete,
}

impl Method {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
            Self::Patch => "PATCH",
            Self::Delete => "DELETE",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum QueryOption {
    /// `$top`, `$skip`, `$search`, `$filter` and `$count`.
    Page,
    OrderBy,
    /// `$select` and `$expand`.
    Select,
}

/// The path of an operation before it changed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct FormerPath {
    pub path: String,
    /// The last version that has it.
    pub last: Version,
}

/// What a request's body is made of: an entity of a type, or fields; anything where neither is known.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Body {
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub of: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fields: Option<Vec<Field>>,
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
}

#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Answer {
    pub kind: AnswerKind,
    /// Of the record or value; of a file that is CSV, of its lines.
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    pub of: Option<ValueType>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum AnswerKind {
    Record,
    /// The record that was created.
    Created,
    Records,
    /// One value that is not a record.
    Value,
    Values,
    None,
    /// Nothing, for the entity is gone.
    Deleted,
    File,
    /// Unknown: whatever comes.
    #[default]
    Any,
}

/// A property of a record, or a parameter.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Field {
    pub name: String,
    #[serde(rename = "type")]
    pub of: ValueType,
    #[serde(default, skip_serializing_if = "is_default")]
    pub list: bool,
    #[serde(default, skip_serializing_if = "is_default")]
    pub nullable: bool,
    /// Whether it is a related record, which comes only when it is expanded.
    #[serde(default, skip_serializing_if = "is_default")]
    pub navigation: bool,
    /// In characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_length: Option<usize>,
    /// Whether it lets somebody in, or is a license key.
    #[serde(default, skip_serializing_if = "is_default")]
    pub secret: bool,
    /// Whether 3CX sets it itself.
    #[serde(default, skip_serializing_if = "is_default")]
    pub read_only: bool,
    /// Whether it can be set and changes by itself, too.
    #[serde(default, skip_serializing_if = "is_default")]
    pub live: bool,
    /// Whether nothing is created or done without it.
    #[serde(default, skip_serializing_if = "is_default")]
    pub required: bool,
    /// Whether more is done where it is left out: only a row that means everything may do that.
    #[serde(default, skip_serializing_if = "is_default")]
    pub narrows: bool,
}

/// What a record is made of.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Type {
    /// Names of the fields of the simplified record, the telling ones first.
    pub simple: Vec<String>,
    /// Name of the field by which pages are put in a stable order.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    pub fields: Vec<Field>,
}

/// How an entity of a set is chosen.
#[derive(Debug, Clone, Default, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Locator {
    /// Path of the set, such as `/Groups`.
    pub set: String,
    /// Name of the node's parameter that holds the choice.
    pub parameter: String,
    /// What people call such an entity.
    pub name: String,
    /// Property whose value stands for the entity.
    pub key: String,
    #[serde(rename = "type")]
    pub of: ValueType,
    /// Property that people read; none where 3CX offers no list.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Property shown behind the label.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub number: Option<String>,
    /// Whether people know the entity by its `Number`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub by_number: bool,
    /// Entities whose label starts like this are the PBX's own, and not offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden_prefix: Option<String>,
}

pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}
