use canonical::{SearchParameter, definitions};
use fhir::ResourceType;

use super::*;
use crate::{expression, parameter::registry};

fn definition(url: &str) -> &'static SearchParameter {
    definitions().search_parameters().iter().find(|definition| definition.url == url).unwrap()
}

/// What the parameter selects, by its members, and what it compares of each.
fn selects(resource_type: ResourceType, code: &str) -> (Vec<String>, Vec<String>) {
    let definition = definition(&registry().parameter(resource_type, code).unwrap().url);
    let mut members = expression::cut(definition.expression.as_deref().unwrap(), resource_type);
    members.sort();
    (members, definition.components.iter().map(|(_, path)| path.clone()).collect())
}

#[test]
fn a_union_selects_what_its_parts_select() {
    let mut count = 0;
    for (name, code, derived) in TABLE {
        let Derived::Union(parts) = derived else { continue };
        let resource_type = ResourceType::find(name).unwrap();
        let (expected, paths) = selects(resource_type, code);
        let mut members = Vec::new();
        for part in parts {
            let (of_part, paths_of_part) = selects(resource_type, part);
            assert_eq!(paths_of_part, paths, "{code} and {part}");
            members.extend(of_part);
        }
        members.sort();
        assert_eq!(members, expected, "{code}");
        count += 1;
    }
    assert_eq!(count, 13);
}

#[test]
fn a_join_is_of_the_resource_itself() {
    for (name, code, derived) in TABLE {
        let Derived::Join(parts) = derived else { continue };
        let resource_type = ResourceType::find(name).unwrap();
        assert_eq!(selects(resource_type, code).0, [name], "{code}");
        let parameter = registry().parameter(resource_type, code).unwrap();
        let urls: Vec<_> =
            definition(&parameter.url).components.iter().map(|(url, _)| url.as_str()).collect();
        let named: Vec<_> =
            parts.iter().map(|part| registry().parameter(resource_type, part).unwrap()).collect();
        assert_eq!(named.iter().map(|part| part.url.as_str()).collect::<Vec<_>>(), urls, "{code}");
        assert!(named.iter().zip(&parameter.components).all(|(part, own)| part.kind == own.kind), "{code}");
    }
}

/// All others would be written twice.
#[test]
fn no_composite_of_a_whole_resource_is_left_out() {
    for resource_type in ResourceType::all() {
        for parameter in registry().parameters(resource_type).iter().filter(|of| !of.components.is_empty()) {
            let (members, _) = selects(resource_type, &parameter.code);
            let is_whole = members.iter().any(|member| member == resource_type.name());
            assert_eq!(is_whole, parameter.derived.is_some(), "{parameter:?}");
        }
    }
}
