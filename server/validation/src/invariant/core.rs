//! R4's own invariants: which are checked elsewhere, and which are not what they were meant to be.

use std::{
    collections::{HashMap, HashSet},
    sync::LazyLock,
};

use canonical::{Constraint, ScopeId, definitions};
use fhir::Severity;

use crate::structure::is_backbone;

/// Those that other modules check, with a more precise place: `contained`, `structure`, `primitive`, `extension`,
/// `reference`, `narrative`.
const ELSEWHERE: [&str; 9] =
    ["dom-2", "dom-3", "dom-4", "dom-5", "ele-1", "ext-1", "ref-1", "txt-1", "txt-2"];

/// That there should be a narrative (dom-6) is good practice among people. Systems seldom send one, and a warning that comes
/// with every resource hides those that matter.
const NOT_ASKED: [&str; 1] = ["dom-6"];

/// Those whose comparison is empty when a value is not there, or not precise enough to tell. A period from 2024 to
/// 2024-05 breaks no rule that anybody could name, nor does a name that is not there. R5 says so in the expressions.
const UNKNOWN_IS_TRUE: [&str; 6] = ["per-1", "rng-2", "mdd-1", "inv-1", "bdl-8", "ras-2"];

/// Expressions that are wrong, by key, with what HL7 has put in their place since.
const CORRECTED: [(&str, &str); 5] = [
    // `in` takes one item, and `when` repeats.
    ("tim-9", "offset.empty() or (when.exists() and when.all(($this in ('C' | 'CM' | 'CD' | 'CV')).not()))"),
    // A concept is not equal to a code, and a list of booleans is never empty.
    (
        "con-3",
        "clinicalStatus.exists() or verificationStatus.coding.where(system='http://terminology.hl7.org/CodeSystem/condition-ver-status' and code = 'entered-in-error').exists() or category.coding.where(code='problem-list-item').empty()",
    ),
    // The answer is a FHIR boolean.
    ("que-7", "operator = 'exists' implies (answer is boolean)"),
    // Two conditions are more than one.
    ("que-12", "enableWhen.count() > 1 implies enableBehavior.exists()"),
    // The criteria see the item as their focus, and `|` removes what is equal.
    (
        "mea-1",
        "group.stratifier.all((code.exists() or description.exists() or criteria.exists()) xor component.exists())",
    ),
];

/// What R4 states anywhere, by key: the expressions.
static OF_R4: LazyLock<HashMap<&str, HashSet<Option<&str>>>> = LazyLock::new(|| {
    let mut found: HashMap<_, HashSet<_>> = HashMap::new();
    for structure in definitions().structures() {
        let mut stated: Vec<&'static Constraint> = structure.constraints.iter().collect();
        let mut waiting: Vec<_> = structure.scope.into_iter().collect();
        let mut seen: HashSet<ScopeId> = waiting.iter().copied().collect();
        while let Some(scope) = waiting.pop() {
            for element in definitions().children(scope) {
                stated.extend(&element.constraints);
                let child = definitions().child(scope, &element.name).filter(|c| is_backbone(c.type_name));
                waiting.extend(child.and_then(|child| child.scope).filter(|below| seen.insert(*below)));
            }
        }
        for constraint in stated {
            found.entry(constraint.key.as_str()).or_default().insert(constraint.expression.as_deref());
        }
    }
    found
});

/// Whether R4 states it, so that a profile only repeats it.
pub(crate) fn is_of_r4(constraint: &Constraint) -> bool {
    let expressions = OF_R4.get(constraint.key.as_str());
    expressions.is_some_and(|expressions| expressions.contains(&constraint.expression.as_deref()))
}

/// Whether the invariant is checked by evaluating it.
pub(super) fn is_evaluated(constraint: &Constraint) -> bool {
    !ELSEWHERE.iter().chain(&NOT_ASKED).any(|key| *key == constraint.key)
}

/// The expression that the invariant was meant to have.
pub(super) fn corrected(constraint: &Constraint) -> Option<&'static str> {
    CORRECTED.iter().find(|(key, _)| *key == constraint.key).map(|(_, expression)| *expression)
}

/// Whether an empty result says nothing against the resource. `name.matches(…)` is about names that are there.
pub(super) fn allows_unknown(constraint: &Constraint) -> bool {
    let is_about_name = || constraint.key.ends_with("-0");
    UNKNOWN_IS_TRUE.contains(&constraint.key.as_str()) || is_about_name()
}

/// How grave it is when it does not hold.
pub(super) fn severity(constraint: &Constraint) -> Severity {
    if constraint.severity == "error" { Severity::Error } else { Severity::Warning }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::invariant::Invariant;

    fn all() -> impl Iterator<Item = &'static Constraint> {
        let structures = definitions().structures();
        structures.iter().flat_map(|structure| {
            let below = scopes(structure.scope);
            let of_elements = below.into_iter().flat_map(|e| &e.constraints);
            structure.constraints.iter().chain(of_elements)
        })
    }

    fn scopes(scope: Option<canonical::ScopeId>) -> Vec<&'static canonical::Element> {
        scope.map_or(&[][..], |scope| definitions().children(scope)).to_vec()
    }

    #[test]
    fn every_invariant_with_an_expression_compiles() {
        let mut seen = 0;
        for constraint in all().filter(|c| c.expression.is_some()) {
            assert!(Invariant::compile(constraint).is_some(), "{}", constraint.key);
            seen += 1;
        }
        assert!(seen > 150, "{seen}");
    }

    #[test]
    fn the_exceptions_are_there() {
        let keys: Vec<_> = all().map(|constraint| constraint.key.as_str()).collect();
        for key in ELSEWHERE.iter().filter(|key| !key.starts_with("dom") && **key != "txt-1") {
            assert!(keys.contains(key), "{key}");
        }
    }
}
