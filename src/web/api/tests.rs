//! The description of the API says what the API does.

use std::collections::BTreeSet;

use serde_json::Value;

use super::{super::query::API_NAMES, OPENAPI, routes};
use crate::domain::Verdict;

fn description() -> Value {
    serde_json::from_str(OPENAPI).unwrap()
}

#[test]
fn every_route_is_described_and_every_description_is_a_route() {
    let description = description();
    let described: BTreeSet<&str> =
        description["paths"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(described, routes().into_iter().map(|(path, _)| path).collect());
}

#[test]
fn every_filter_is_described() {
    let description = description();
    let described: BTreeSet<&str> = description["paths"]["/api/v1/shares"]["get"]["parameters"]
        .as_array()
        .unwrap()
        .iter()
        .map(|parameter| parameter["name"].as_str().unwrap())
        .collect();
    assert_eq!(described, API_NAMES.into_iter().collect());
}

#[test]
fn every_verdict_is_described() {
    let description = description();
    let described = description["components"]["schemas"]["Verdict"]["enum"].as_array().unwrap();
    assert_eq!(described.len(), Verdict::ALL.len());
    for verdict in Verdict::ALL {
        assert!(described.contains(&Value::from(verdict.as_str())), "{verdict}");
    }
}

#[test]
fn no_reference_leads_nowhere() {
    let description = description();
    for rest in OPENAPI.split("\"$ref\": \"#").skip(1) {
        let pointer = rest.split('"').next().unwrap();
        assert!(description.pointer(pointer).is_some(), "{pointer}");
    }
}
