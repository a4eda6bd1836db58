//! A slip of the pen is refused, and its place is named: in the definition, and in the facts that it is made from.

#![expect(clippy::unwrap_used, reason = "a test may stop at the first surprise, in its helpers too")]

use std::fs;
use std::path::{Path, PathBuf};

use threecx_definition::facts::{Older, Overrides, Versions};
use threecx_definition::{Definition, tables, write};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn text(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap()
}

/// The definition with one change, which it must have.
fn changed(find: &str, replace: &str) -> String {
    let text = text("node-definition.json");
    assert!(text.contains(find), "{find}");
    text.replacen(find, replace, 1)
}

/// Why the definition is refused after one change.
fn refusal(find: &str, replace: &str) -> String {
    Definition::parse(&changed(find, replace)).unwrap_err().to_string()
}

#[test]
fn the_definition_as_it_is_can_be_read_and_written_again() {
    let text = text("node-definition.json");
    let definition = Definition::parse(&text).unwrap();
    assert!(write(&definition).unwrap() == text, "written by another hand than `cargo xtask definition`");
}

#[test]
fn a_misspelt_key_is_refused_wherever_it_stands() {
    for (find, replace, place) in [
        ("\"version\":", "\"verison\":", "verison: unknown field"),
        (
            "{\"value\":\"AI Settings\",\"name\"",
            "{\"value\":\"AI Settings\",\"nmae\"",
            "resources[0].nmae: unknown field",
        ),
        ("\"safeToRepeat\":", "\"safeToRepaet\":", ".safeToRepaet: unknown field"),
        ("\"reveals\":", "\"revaels\":", ".revaels: unknown field"),
        ("\"partialFailures\":", "\"partialFailure\":", "resources[0].operations[1].partialFailure: unknown field"),
        ("\"body\":{\"fields\"", "\"body\":{\"field\"", ".body.field: unknown field"),
        ("\"answer\":{\"kind\"", "\"answer\":{\"kid\"", ".answer.kid: unknown field"),
        ("\"nullable\":", "\"nullabel\":", ".nullabel: unknown field"),
        ("\"secret\":", "\"scret\":", ".scret: unknown field"),
        ("\"hiddenPrefix\":", "\"hidenPrefix\":", ".hidenPrefix: unknown field"),
        ("\"simple\":", "\"simpel\":", ".simpel: unknown field"),
        ("\"last\":", "\"lsat\":", ".lsat: unknown field"),
        ("\"searchListMethod\":", "\"searchListMehtod\":", ".searchListMehtod: unknown field"),
        ("\"minValue\":", "\"minValeu\":", ".minValeu: unknown field"),
    ] {
        let refusal = refusal(find, replace);
        assert!(refusal.contains(place) && refusal.contains("line "), "{replace}: {refusal}");
    }
}

#[test]
fn the_entries_of_a_form_field_are_read_as_strictly() {
    let refused = refusal("\"displayName\":\"Timeout\"", "\"dispalyName\":\"Timeout\"");
    assert!(refused.starts_with("properties."), "{refused}");
    assert!(refused.contains(".options[") && refused.contains("dispalyName: unknown field"), "{refused}");
    let refused = refusal("\"value\":\"endswith\"", "\"valeu\":\"endswith\"");
    assert!(refused.contains("properties.filters.options[0]") && refused.contains("valeu: unknown field"), "{refused}");
}

#[test]
fn a_value_out_of_a_closed_list_is_refused() {
    for (find, replace, place) in [
        ("\"method\":\"PATCH\"", "\"method\":\"FETCH\"", ".method: unknown variant `FETCH`"),
        ("\"kind\":\"created\"", "\"kind\":\"craeted\"", ".answer.kind: unknown variant `craeted`"),
        ("\"kind\":\"replaceGroupLicense\"", "\"kind\":\"replace\"", ".kind: unknown variant `replace`"),
        ("\"query\":[\"select\"]", "\"query\":[\"selct\"]", ".query[0]: unknown variant `selct`"),
        ("\"type\":\"resourceMapper\"", "\"type\":\"mapper\"", ".type: unknown variant `mapper`"),
    ] {
        let refusal = refusal(find, replace);
        assert!(refusal.contains(place), "{replace}: {refusal}");
    }
}

#[test]
fn a_name_that_leads_nowhere_is_refused() {
    for (find, replace, place, reason) in [
        (
            "\"type\":\"VectorFileResult\"",
            "\"type\":\"VectorFile\"",
            "AI Settings / Batch Delete Files",
            "no type or enum",
        ),
        (
            "\"body\":{\"type\":\"AISettings\"",
            "\"body\":{\"type\":\"AI\"",
            "AI Settings / Update AI Settings",
            "no type",
        ),
        ("\"licenseOptions\"]", "\"licenseOption\"]", "Groups / Replace Group License Key", "no form field"),
        ("\"value\":\"Drop Call\"", "\"value\":\"Get Group\"", "Groups / Get Group", "the same value"),
        ("(provider={provider})", "(provider={other})", "AI Settings / Get AI Resources", "no {provider}"),
        ("\"set\":\"/ActiveCalls\",\"param", "\"set\":\"/Calls\",\"param", "Active Calls / Drop Call", "no locator of"),
        ("\"order\":\"Id\"", "\"order\":\"ID\"", "types.", "no field \"ID\""),
    ] {
        let refusal = refusal(find, replace);
        assert!(refusal.starts_with(place) && refusal.contains(reason), "{replace}: {refusal}");
    }
}

#[test]
fn a_file_that_is_refused_is_named() {
    let refusal = Definition::read(Path::new("nowhere.json")).unwrap_err().to_string();
    assert!(refusal.starts_with("nowhere.json: "), "{refusal}");
}

#[test]
fn a_misspelt_key_of_the_facts_is_refused() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let refused = |name: &str, find: &str, replace: &str, read: &dyn Fn(&Path) -> Result<(), String>| {
        let text = text(&format!("facts/{name}"));
        assert!(text.contains(find), "{find}");
        let path = folder.join(name);
        fs::write(&path, text.replacen(find, replace, 1)).unwrap();
        let refusal = read(&path).unwrap_err();
        assert!(refusal.contains(name), "{refusal}");
        refusal
    };
    let overrides = |path: &Path| {
        let read = Overrides::read(path).and_then(|overrides| overrides.properties());
        read.map(drop).map_err(|error| {
            if error.to_string().contains("overrides") { error.to_string() } else { format!("overrides.json: {error}") }
        })
    };
    for (find, replace, place) in [
        ("\"reveals\":", "\"revaels\":", "operations.APIToken.revaels: unknown field"),
        ("\"readOnly\":", "\"readonly\":", ".readonly: unknown field"),
        ("\"hiddenPrefix\":", "\"prefix\":", "locators./Groups.prefix: unknown field"),
        ("\"like\": \"simplify\"", "\"like\": \"simple\"", "properties.simplifyItems: like \"simple\""),
        ("\"hint\":", "\"hints\":", ": hints: unknown field"),
        ("\"emptyValues\"\n", "\"emptyValue\"\n", "options.forms.writeOptions: no entry \"emptyValue\""),
        ("\"own\":", "\"onw\":", ".onw: unknown field"),
    ] {
        let refusal = refused("overrides.json", find, replace, &overrides);
        assert!(refusal.contains(place), "{refusal}");
    }
    let versions = |path: &Path| Versions::read(path).map(drop).map_err(|error| error.to_string());
    assert!(refused("versions.json", "\"newest\"", "\"newset\"", &versions).contains("newset: unknown field"));
    let older = |path: &Path| Older::read(path).map(drop).map_err(|error| error.to_string());
    assert!(refused("older.json", "\"kind\"", "\"knd\"", &older).contains("answer.knd: unknown field"));
}

#[test]
fn versions_and_older_operations_are_those_of_the_definition() {
    let definition = Definition::parse(&text("node-definition.json")).unwrap();
    let versions = Versions::read(&root().join("facts/versions.json")).unwrap();
    let older = Older::read(&root().join("facts/older.json")).unwrap();
    assert_eq!(definition.version, versions.newest);
    let mut known = 0;
    for (_, operation) in definition.operations().filter(|(_, one)| one.is_of_the_api() && one.last.is_none()) {
        let call = format!("{} {}", operation.method.as_str(), operation.path);
        assert_eq!(operation.first, *versions.first(&call), "{call}");
        known += usize::from(operation.first != versions.oldest);
    }
    assert_eq!(known, versions.since.values().map(|calls| calls.len()).sum::<usize>());
    assert!(versions.since.keys().all(|version| *version > versions.oldest && *version <= versions.newest));
    let gone = definition.operations().filter(|(_, operation)| operation.last.is_some()).count();
    assert_eq!(gone, older.operations.len());
    assert!(
        older.write().unwrap() == text("facts/older.json"),
        "written by another hand than `cargo xtask definition`"
    );
}

/// Forms differ in what they offer, not in what they say of it.
#[test]
fn common_options_are_the_same_in_every_form() {
    let definition = serde_json::to_value(Definition::parse(&text("node-definition.json")).unwrap()).unwrap();
    let forms = definition["properties"].as_object().unwrap().iter().filter(|(_, form)| form["name"] == "options");
    let mut known = std::collections::BTreeMap::new();
    let mut entries = 0;
    for (form, entry) in
        forms.flat_map(|(form, of)| of["options"].as_array().unwrap().iter().map(move |one| (form, one)))
    {
        let mut entry = entry.clone();
        // The licenses' form tells more of two of them.
        if form == "licenseOptions" && ["requestsAtOnce", "timeout"].contains(&entry["name"].as_str().unwrap()) {
            let more = entry["description"].take();
            let same = definition["properties"]["plainOptions"]["options"].as_array().unwrap().iter();
            let usual = same.clone().find(|one| one["name"] == entry["name"]).unwrap()["description"].clone();
            assert!(more.as_str().unwrap().starts_with(usual.as_str().unwrap()));
            entry["description"] = usual;
        }
        let name = entry["name"].as_str().unwrap().to_owned();
        assert_eq!(*known.entry(name).or_insert_with(|| entry.clone()), entry, "{form}");
        entries += 1;
    }
    assert!(entries > 30 && known.len() < entries / 2, "{entries} entries, {} options", known.len());
}

#[test]
fn tables_hold_every_operation_once() {
    let definition = Definition::parse(&text("node-definition.json")).unwrap();
    let tables = tables(&definition);
    assert_eq!(tables.matches("    Operation { resource: ").count(), definition.operations().count());
    assert!(
        tables.contains("name: \"Replace Group License Key\", kind: Kind::ReplaceGroupLicense, method: Method::Post")
    );
}
