//! Every behaviour that can be switched, with its start-up value.
//!
//! The same list makes the command-line flags and the JSON of the control API.
//! "Known" behaviours are documented or were reported from live systems; "assumed" ones are plausible
//! guesses, which is why each of them can be switched.

use clap::ArgAction;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Defines an enum whose values have the same names on the command line and in JSON.
macro_rules! choice {
    ($(#[$doc:meta])* $name:ident { $($(#[$variant_doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
        pub enum $name {
            $($(#[$variant_doc])* #[serde(rename = $text)] #[value(name = $text)] $variant,)+
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(match self { $(Self::$variant => $text,)+ })
            }
        }
    };
}

/// Defines [`Switches`], its start-up values and its command-line flags from one list.
macro_rules! switches {
    ($($(#[$doc:meta])* $name:ident: $kind:ty = $default:expr;)+) => {
        /// The behaviours in force. Each field is a flag (`--latency-ms 20`) and a JSON field (`latency_ms`).
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, clap::Args)]
        #[serde(deny_unknown_fields)]
        pub struct Switches {
            $($(#[$doc])* #[arg(long, action = ArgAction::Set, default_value_t = $default)] pub $name: $kind,)+
        }

        impl Default for Switches {
            fn default() -> Self {
                Self { $($name: $default,)+ }
            }
        }
    };
}

choice! {
    /// What a new token does to the older ones of the same client.
    SingleToken {
        /// They stop working.
        Invalidate = "invalidate",
        /// They go on working.
        Allow = "allow",
    }
}

choice! {
    /// What an access token looks like.
    TokenForm {
        /// A JWT that says when it ends.
        Jwt = "jwt",
        /// A JWT without an `exp` claim.
        JwtWithoutExp = "jwt_without_exp",
        /// A text without structure.
        Opaque = "opaque",
    }
}

choice! {
    /// How the token endpoint refuses wrong credentials.
    LogInRefusal {
        /// 401 with the documented JSON.
        Documented = "documented",
        /// 400 `invalid_client`.
        InvalidClient = "invalid_client",
    }
}

choice! {
    /// The role given to the API client.
    Role {
        /// System owner: everything.
        Owner = "owner",
        /// System administrator: everything but replacing keys.
        Admin = "admin",
        /// User: only `Defs`.
        User = "user",
    }
}

choice! {
    /// The edition of the PBX's own license.
    Edition {
        /// Enterprise: the API is available.
        Ent = "ent",
        /// Professional: the API is not available, see [`LicenseGate`].
        Pro = "pro",
    }
}

choice! {
    /// Where a PBX without the right edition refuses.
    LicenseGate {
        /// Every API call gets 403.
        Xapi403 = "xapi_403",
        /// The token endpoint answers 401.
        Token401 = "token_401",
        /// The token endpoint answers 403.
        Token403 = "token_403",
    }
}

choice! {
    /// What `groupId` means to the replacement of a group's key.
    GroupIdKind {
        /// The numeric `Id`, as text.
        Id = "id",
        /// The `Number`, such as `GRP0001`.
        Number = "number",
        /// Both are understood.
        Either = "either",
    }
}

choice! {
    /// The answer to a replacement for a group that does not exist.
    UnknownGroup {
        /// 400 with an error envelope.
        Envelope = "400",
        /// 404 without a body.
        NotFound = "404",
    }
}

choice! {
    /// The body of 401, 403, 404, 405 and 500 answers.
    ErrorBody {
        /// None.
        Empty = "empty",
        /// An error envelope.
        Json = "json",
        /// An HTML page.
        Html = "html",
    }
}

choice! {
    /// What the CRM engine sends for a variable that it has no value for.
    CrmUnfilled {
        /// Nothing.
        Empty = "empty",
        /// The variable as the template has it.
        Literal = "literal",
    }
}

choice! {
    /// What the CRM engine makes of a formatted time.
    CrmDatetime {
        /// What the template asks for.
        Formatted = "formatted",
        /// Its own language's form.
        Culture = "culture",
        /// It has no time.
        Null = "null",
    }
}

choice! {
    /// How the CRM engine writes a number that begins with a plus.
    CrmNumber {
        /// As the template asks for.
        Plus = "plus",
        /// Without the plus.
        Digits = "digits",
        /// With two zeros.
        Zeros = "zeros",
    }
}

choice! {
    /// What `Passes` of a template counts.
    CrmPasses {
        /// How often a text is worked out once more.
        More = "more",
        /// How often it is worked out, once at least.
        Count = "count",
    }
}

choice! {
    /// Which contact of an answer the CRM engine takes.
    CrmMatch {
        /// One of its numbers must be the one asked for.
        Strict = "strict",
        /// Any.
        Any = "any",
    }
}

switches! {
    /// Client id that the token endpoint accepts. Known: a free text or a number.
    client_id: String = "n8n".to_owned();
    /// Client secret that the token endpoint accepts.
    client_secret: String = "simulator-secret".to_owned();
    /// A bearer token that is always accepted; empty: none.
    static_token: String = String::new();
    /// `expires_in` of the token answer. Known: 60 (minutes) up to 20.0.8, 3600 (seconds) from 20.0.9.
    expires_in: u64 = 3600;
    /// Seconds that a token really works. Known: one hour.
    token_life_s: u64 = 3600;
    /// Form of the access token. Known: a JWT; that it always has `exp` is assumed.
    token_form: TokenForm = TokenForm::Jwt;
    /// Fate of older tokens of the client. Known: one is active at a time; how the others end is assumed.
    single_token: SingleToken = SingleToken::Invalidate;
    /// Refusal of wrong credentials. Known: the documented JSON; `invalid_client` is assumed.
    log_in_refusal: LogInRefusal = LogInRefusal::Documented;
    /// Failed log-ins after which the caller is blocked with 403; 0: never. Known: a block exists; the 403 is assumed.
    block_after_failed_log_ins: u64 = 0;
    /// Role of the API client. Known: a user gets 403 but for `Defs`; that replacing needs an owner is assumed.
    role: Role = Role::Owner;
    /// Whether `MyUser` and `MyGroup` answer. Known: an API client, which is no user, gets 403.
    personal: bool = false;
    /// Edition of the PBX. Known: the API needs an enterprise license.
    edition: Edition = Edition::Ent;
    /// Place of the refusal for a lower edition. Assumed.
    license_gate: LicenseGate = LicenseGate::Xapi403;
    /// Whether the PBX hosts several companies. Assumed: replacing a group's key needs it.
    multi_company: bool = true;
    /// Meaning of `groupId` in the replacement. Assumed.
    group_id_kind: GroupIdKind = GroupIdKind::Either;
    /// Answer to a replacement for an unknown group. Assumed.
    unknown_group: UnknownGroup = UnknownGroup::Envelope;
    /// Milliseconds until a replacement shows in `Props`. Assumed.
    props_delay_ms: u64 = 0;
    /// Departments at start-up, the default one included. A change builds the groups anew.
    groups: u32 = 12;
    /// Largest `$top`. Known: 100.
    top_limit: u64 = 100;
    /// Rows without `$top`. Known: 100 in the documentation, 50 in one report.
    page_size: u64 = 100;
    /// Rows at which the call log is cut. Known: a parameter of the PBX, 20,000 unless changed.
    call_log_row_limit: u64 = 20_000;
    /// Whether the call log is empty although there are calls. Known of one PBX; why is not.
    call_log_withheld: bool = false;
    /// Whether empty properties are sent as null. Known: mostly left out.
    send_nulls: bool = false;
    /// Body of bare error answers. Assumed.
    error_body: ErrorBody = ErrorBody::Empty;
    /// Build in the `X-3CX-Version` header; it also decides which properties exist. Known.
    build: String = "20.0.9.995".to_owned();
    /// Milliseconds that every answer takes.
    latency_ms: u64 = 0;
    /// Up to so many milliseconds more, different for each request.
    jitter_ms: u64 = 0;
    /// Requests at work at once, above which 429 is given; 0: no limit. Assumed.
    max_concurrent: u64 = 0;
    /// Requests per second, above which 429 with `Retry-After` is given; 0: no limit. Assumed.
    rate_limit_per_s: u64 = 0;
    /// What the CRM engine sends for a variable without a value. Reports differ.
    crm_unfilled: CrmUnfilled = CrmUnfilled::Empty;
    /// Times of the CRM engine. Known: they can be formatted; the rest is assumed.
    crm_datetime: CrmDatetime = CrmDatetime::Formatted;
    /// Numbers of the CRM engine. Known: a template chooses; one report says that it was not heeded in posts.
    crm_number: CrmNumber = CrmNumber::Plus;
    /// Meaning of `Passes`. Assumed: known templates have 0 and 1 for the same.
    crm_passes: CrmPasses = CrmPasses::More;
    /// Contacts that the CRM engine takes. Known: one of the numbers must be the one asked for.
    crm_match: CrmMatch = CrmMatch::Strict;
    /// How often the CRM engine posts again after a 5xx or no answer. Assumed.
    crm_retries: u64 = 0;
    /// Milliseconds that the CRM engine waits for an answer. Assumed.
    crm_timeout_ms: u64 = 5000;
}

impl Switches {
    /// These switches with some of them changed.
    ///
    /// # Errors
    ///
    /// In words: what is wrong with the change.
    pub fn changed(&self, change: &Map<String, Value>) -> Result<Self, String> {
        let Ok(Value::Object(mut fields)) = serde_json::to_value(self) else {
            return Err("the switches cannot be shown as JSON".to_owned());
        };
        for (name, value) in change {
            match fields.get_mut(name) {
                Some(field) => *field = value.clone(),
                None => return Err(format!("there is no switch named '{name}'")),
            }
        }
        for (name, value) in &fields {
            let mut probe = fields_of_defaults();
            probe.insert(name.clone(), value.clone());
            if let Err(error) = Self::deserialize(Value::Object(probe)) {
                return Err(format!("switch '{name}': {error}"));
            }
        }
        Self::deserialize(Value::Object(fields)).map_err(|error| error.to_string())
    }
}

fn fields_of_defaults() -> Map<String, Value> {
    match serde_json::to_value(Switches::default()) {
        Ok(Value::Object(fields)) => fields,
        _ => Map::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn change(value: Value) -> Result<Switches, String> {
        let Value::Object(fields) = value else { panic!("an object is needed") };
        Switches::default().changed(&fields)
    }

    #[test]
    fn changes_only_what_is_named() {
        let changed = change(json!({"latency_ms": 5, "role": "admin", "unknown_group": "404"})).unwrap();
        let expected =
            Switches { latency_ms: 5, role: Role::Admin, unknown_group: UnknownGroup::NotFound, ..Switches::default() };
        assert_eq!(changed, expected);
    }

    #[test]
    fn names_the_switch_that_is_wrong() {
        assert_eq!(change(json!({"latency": 5})).unwrap_err(), "there is no switch named 'latency'");
        assert!(change(json!({"latency_ms": "five"})).unwrap_err().starts_with("switch 'latency_ms': "));
        assert!(change(json!({"role": "king"})).unwrap_err().contains("unknown variant `king`"));
    }
}
