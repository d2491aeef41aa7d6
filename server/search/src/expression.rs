//! Cuts the expression of a search parameter to the part that is about one resource type,
//! <https://hl7.org/fhir/R4/searchparameter-definitions.html#SearchParameter.expression>.

use fhir::ResourceType;

/// The members of the union that begin at this type (or at `Resource` or `DomainResource`, which are then named by the
/// type); empty when none does.
pub(crate) fn cut(expression: &str, resource_type: ResourceType) -> Vec<String> {
    members(expression).into_iter().filter_map(|member| rooted(member, resource_type)).collect()
}

/// The members of a union, trimmed: split at `|` outside of parentheses and quotes.
pub(crate) fn members(expression: &str) -> Vec<&str> {
    let mut members = Vec::new();
    let (mut depth, mut quoted, mut start) = (0_i32, false, 0);
    for (at, c) in expression.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            '|' if !quoted && depth == 0 => {
                members.push(expression[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    members.push(expression[start..].trim());
    members
}

fn rooted(member: &str, resource_type: ResourceType) -> Option<String> {
    let path = member.trim_start_matches('(');
    let open = &member[..member.len() - path.len()];
    let root = path.split('.').next()?;
    let rest = &path[root.len()..];
    [resource_type.name(), "Resource", "DomainResource"]
        .contains(&root)
        .then(|| format!("{open}{resource_type}{rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_union_is_cut_to_the_type() {
        let check = |type_name: &str, expression: &str, expect: &[&str]| {
            assert_eq!(cut(expression, ResourceType::find(type_name).unwrap()), expect, "{expression}");
        };
        let code = "Condition.code | (MedicationRequest.medication as CodeableConcept) | Medication.code";
        check("Condition", code, &["Condition.code"]);
        check("Medication", code, &["Medication.code"]);
        check("MedicationRequest", code, &["(MedicationRequest.medication as CodeableConcept)"]);
        check("Task", code, &[]);
        check("Task", "Resource.meta.tag", &["Task.meta.tag"]);
        check(
            "Observation",
            "Observation | Observation.component",
            &["Observation", "Observation.component"],
        );
        check(
            "Task",
            "Task.for.where(a = 'x|y' or (b | c)) | Task.x",
            &["Task.for.where(a = 'x|y' or (b | c))", "Task.x"],
        );
    }
}
