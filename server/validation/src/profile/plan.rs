//! A profile compiled to a tree of what it adds to the base definition, so that most elements are not even looked at.

use canonical::{
    Binding, Constraint, Definitions, Element, Profile, ScopeId, Strength, structure::ProfileElement,
};
use fhir::Value;

use super::{select::RESOURCE, slice::Matcher};
use crate::{
    invariant::{self, Invariant},
    structure::unknown::property_of,
};

/// A compiled profile.
pub(super) struct Plan {
    /// The profile's name, for messages.
    pub(super) name: &'static str,
    pub(super) root: Node,
}

/// One element, with the rules for each of its values.
pub(super) struct Node {
    /// As in the definition: `category`, `value[x]`.
    pub(super) name: &'static str,
    /// FHIR's type of its values; for a choice, the types by JSON property instead.
    pub(super) type_name: &'static str,
    pub(super) choices: Vec<(String, &'static str)>,
    /// Where the elements of its values are found; `None` for primitives and choices.
    pub(super) scope: Option<ScopeId>,
    pub(super) rule: Rule,
    pub(super) children: Vec<Node>,
    pub(super) slices: Vec<Slice>,
    pub(super) openness: Openness,
    /// Whether the slices' values come in the order of the slices.
    pub(super) is_ordered: bool,
    pub(super) is_extension: bool,
}

/// Where a value may be that fits no slice, <https://hl7.org/fhir/R4/valueset-resource-slicing-rules.html>.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Openness {
    Open,
    /// Behind those that fit one.
    AtEnd,
    /// Nowhere.
    Closed,
}

/// What the profile adds for one element; nothing where it repeats the base.
#[derive(Default)]
pub(super) struct Rule {
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) fixed: Option<&'static Value>,
    pub(super) pattern: Option<&'static Value>,
    pub(super) binding: Option<&'static Binding>,
    /// For references: the resource types that may be pointed to.
    pub(super) targets: Option<Vec<&'static str>>,
    /// For references: the profiles of ours of which the target conforms to one.
    pub(super) target_profiles: Vec<&'static Profile>,
    /// For choices, and for resources in others: the types that are left.
    pub(super) types: Option<Vec<&'static str>>,
    /// The profiles of which each value conforms to one, when all of them are known.
    pub(super) profiles: Vec<&'static Profile>,
    /// What must hold of each value, in FHIRPath.
    pub(super) invariants: Vec<Invariant>,
    pub(super) short: Option<&'static str>,
}

/// Some of an element's values, told from the others by a matcher.
pub(super) struct Slice {
    pub(super) name: &'static str,
    pub(super) matcher: Matcher,
    /// Its `min` and `max` count the slice; its other rules are those of each value in it.
    pub(super) node: Node,
}

/// The elements of a snapshot by their ids, before it is known what they add.
pub(super) struct Raw {
    pub(super) name: &'static str,
    pub(super) slice_name: Option<&'static str>,
    pub(super) element: Option<&'static ProfileElement>,
    pub(super) children: Vec<Raw>,
    pub(super) slices: Vec<Raw>,
}

impl Plan {
    pub(super) fn compile(definitions: &'static Definitions, profile: &'static Profile) -> Self {
        let mut raw = Raw::new(&profile.type_name, None);
        for element in &profile.elements {
            let id = if element.id.is_empty() { &element.path } else { &element.id };
            match id.split_once('.') {
                Some((_, rest)) => raw.insert(rest, element),
                None => raw.element = Some(element),
            }
        }
        let compiler = Compiler { definitions };
        let scope = definitions.scope_of_type(&profile.type_name);
        let children = raw.children.iter().filter_map(|child| compiler.node(child, scope)).collect();
        let root = Node {
            name: raw.name,
            type_name: raw.name,
            choices: Vec::new(),
            scope,
            rule: Rule {
                invariants: raw.element.map_or_else(Vec::new, |root| compile(&root.constraints)),
                ..Rule::default()
            },
            children,
            slices: Vec::new(),
            openness: Openness::Open,
            is_ordered: false,
            is_extension: false,
        };
        Self { name: &profile.name, root }
    }
}

impl Raw {
    fn new(name: &'static str, slice_name: Option<&'static str>) -> Self {
        Self { name, slice_name, element: None, children: Vec::new(), slices: Vec::new() }
    }

    /// Puts an element to its place; `id` is the part of its id below this one.
    fn insert(&mut self, id: &'static str, element: &'static ProfileElement) {
        let (head, rest) = id.split_once('.').map_or((id, None), |(head, rest)| (head, Some(rest)));
        let (name, slice_name) =
            head.split_once(':').map_or((head, None), |(name, slice)| (name, Some(slice)));
        let mut place = Self::find(&mut self.children, name, None);
        if slice_name.is_some() {
            place = Self::find(&mut place.slices, name, slice_name);
        }
        match rest {
            Some(rest) => place.insert(rest, element),
            None => place.element = Some(element),
        }
    }

    fn find<'r>(
        raws: &'r mut Vec<Self>,
        name: &'static str,
        slice_name: Option<&'static str>,
    ) -> &'r mut Self {
        let known = raws.iter().position(|raw| raw.name == name && raw.slice_name == slice_name);
        let position = known.unwrap_or_else(|| {
            raws.push(Self::new(name, slice_name));
            raws.len() - 1
        });
        &mut raws[position]
    }
}

struct Compiler {
    definitions: &'static Definitions,
}

impl Compiler {
    /// The node of an element below `scope`; `None` when the profile adds nothing there.
    fn node(&self, raw: &Raw, scope: Option<ScopeId>) -> Option<Node> {
        let base = self.base(raw.name, scope);
        let mut node = self.bare_node(raw, scope, base);
        node.rule = rule(raw.element, base, base.map_or(0, |base| base.min), base.and_then(|base| base.max));
        let slicing = raw.element.and_then(|element| element.slicing.as_ref());
        if let Some(slicing) = slicing.filter(|_| !raw.slices.is_empty()) {
            node.is_ordered = slicing.ordered;
            node.openness = match slicing.rules.as_str() {
                "closed" => Openness::Closed,
                "openAtEnd" => Openness::AtEnd,
                _ => Openness::Open,
            };
        }
        let is_open = node.openness == Openness::Open && !node.is_ordered;
        for slice in &raw.slices {
            let mut of_slice = self.bare_node(slice, scope, base);
            of_slice.rule = rule(slice.element, base, 0, None);
            let is_trivial = of_slice.is_trivial();
            let name = slice.slice_name.unwrap_or_default();
            let slice = Slice { name, matcher: Matcher::of(slice, slicing), node: of_slice };
            // A part of an extension is told from one that is not defined, whatever it asks.
            let is_part = slice.extension_url().is_some_and(|url| !url.contains(':'));
            if !is_open || !is_trivial || is_part {
                node.slices.push(slice);
            }
        }
        let of_slices: u32 = node.slices.iter().map(|slice| slice.node.rule.min).sum();
        if node.is_extension && of_slices >= node.rule.min {
            // Each missing extension is named by its slice; that some are missing says nothing more.
            node.rule.min = 0;
        }
        (!node.is_trivial()).then_some(node)
    }

    /// The node with its children, without its own rule.
    fn bare_node(&self, raw: &Raw, scope: Option<ScopeId>, base: Option<&'static Element>) -> Node {
        let choices = self.choices(raw, base);
        let property = match choices.as_slice() {
            [] => Some(raw.name),
            [(property, _)] => Some(property.as_str()),
            _ => only_type(raw)
                .and_then(|code| choices.iter().find(|(_, c)| *c == code))
                .map(|(p, _)| p.as_str()),
        };
        let child = scope.zip(property).and_then(|(scope, property)| self.definitions.child(scope, property));
        let of_resource = || {
            let only = only_type(raw).filter(|code| *code != RESOURCE)?;
            child.filter(|child| child.type_name == RESOURCE)?;
            self.definitions.scope_of_type(only)
        };
        let below = child.and_then(|child| child.scope).or_else(of_resource);
        Node {
            name: raw.name,
            type_name: child.map(|child| child.type_name).or_else(|| only_type(raw)).unwrap_or_default(),
            scope: below,
            choices,
            rule: Rule::default(),
            children: raw.children.iter().filter_map(|child| self.node(child, below)).collect(),
            slices: Vec::new(),
            openness: Openness::Open,
            is_ordered: false,
            is_extension: matches!(raw.name, "extension" | "modifierExtension"),
        }
    }

    fn base(&self, name: &str, scope: Option<ScopeId>) -> Option<&'static Element> {
        self.definitions.children(scope?).iter().find(|element| element.name == name).copied()
    }

    /// The JSON properties of a choice, with their types: all those of the base, so that a forbidden one is seen.
    fn choices(&self, raw: &Raw, base: Option<&'static Element>) -> Vec<(String, &'static str)> {
        let Some(stem) = raw.name.strip_suffix("[x]") else { return Vec::new() };
        let codes: Vec<&'static str> = match (base, raw.element) {
            (Some(base), _) => base.types.iter().map(|t| t.code.as_str()).collect(),
            (None, Some(element)) => element.types.iter().map(|t| t.code.as_str()).collect(),
            (None, None) => Vec::new(),
        };
        codes.into_iter().map(|code| (property_of(stem, code), code)).collect()
    }
}

impl Node {
    fn is_trivial(&self) -> bool {
        self.rule.is_empty() && self.children.is_empty() && self.slices.is_empty()
    }
}

impl Rule {
    fn is_empty(&self) -> bool {
        self.min == 0
            && self.max.is_none()
            && self.fixed.is_none()
            && self.pattern.is_none()
            && self.binding.is_none()
            && self.targets.is_none()
            && self.target_profiles.is_empty()
            && self.types.is_none()
            && self.profiles.is_empty()
            && self.invariants.is_empty()
    }
}

/// Those that R4 states are asked of every resource already.
fn compile(constraints: &'static [Constraint]) -> Vec<Invariant> {
    constraints.iter().filter(|c| !invariant::is_of_r4(c)).filter_map(Invariant::compile).collect()
}

fn only_type(raw: &Raw) -> Option<&'static str> {
    match raw.element?.types.as_slice() {
        [one] => Some(&one.code),
        _ => None,
    }
}

/// What the profile's element adds to the base element, which occurs `min` to `max` times without the profile.
fn rule(
    element: Option<&'static ProfileElement>,
    base: Option<&'static Element>,
    min: u32,
    max: Option<u32>,
) -> Rule {
    let Some(element) = element else { return Rule::default() };
    let binding = element.binding.as_ref().filter(|binding| {
        let repeats = base.and_then(|base| base.binding.as_ref()).is_some_and(|of_base| of_base == *binding);
        !repeats && matches!(binding.strength, Strength::Required | Strength::Extensible)
    });
    Rule {
        min: if element.min > min { element.min } else { 0 },
        max: element.max.filter(|_| element.max != max),
        fixed: element.fixed.as_ref(),
        pattern: element.pattern.as_ref(),
        binding,
        targets: targets(element, base),
        target_profiles: target_profiles(element),
        types: types(element, base),
        profiles: profiles(element),
        invariants: compile(&element.constraints),
        short: element.short.as_deref(),
    }
}

/// The types that are left of a choice, when they are fewer than in the base, or of a resource that may have any type there.
fn types(element: &'static ProfileElement, base: Option<&'static Element>) -> Option<Vec<&'static str>> {
    let base = base.filter(|_| !element.types.is_empty() && element.max != Some(0))?;
    if let [any] = base.types.as_slice()
        && any.code == RESOURCE
    {
        let mut types = Vec::new();
        for allowed in &element.types {
            let of_profiles = allowed.profiles.iter().map(|url| type_of(url));
            let named = std::iter::once(Some(allowed.code.as_str())).filter(|_| allowed.profiles.is_empty());
            types.extend(of_profiles.chain(named).collect::<Option<Vec<_>>>()?);
        }
        return (!types.contains(&RESOURCE)).then_some(types);
    }
    let is_narrower = base.name.ends_with("[x]") && element.types.len() < base.types.len();
    is_narrower.then(|| element.types.iter().map(|t| t.code.as_str()).collect())
}

/// The profiles of which a value conforms to one; none when a type asks for no profile, or for one that is not known. Extensions are
/// held to their own definitions elsewhere.
fn profiles(element: &'static ProfileElement) -> Vec<&'static Profile> {
    let types = || element.types.iter().filter(|t| t.code != "Extension");
    if types().any(|t| t.profiles.is_empty()) {
        return Vec::new();
    }
    let urls = types().flat_map(|t| &t.profiles);
    urls.map(|url| canonical::definitions().profile(url)).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The target types of a reference, when all of them are known and they are not those of the base.
fn targets(element: &'static ProfileElement, base: Option<&'static Element>) -> Option<Vec<&'static str>> {
    let profiles = element.types.iter().filter(|t| t.code == "Reference").flat_map(|t| &t.target_profiles);
    let mut names = profiles.map(|url| type_of(url)).collect::<Option<Vec<_>>>()?;
    names.sort_unstable();
    names.dedup();
    let mut of_base: Vec<&str> = base
        .into_iter()
        .flat_map(|base| &base.types)
        .filter(|t| t.code == "Reference")
        .flat_map(|t| t.targets.iter().map(String::as_str))
        .collect();
    of_base.sort_unstable();
    (!names.is_empty() && names != of_base && !names.contains(&"Resource")).then_some(names)
}

/// The profiles that a target has to conform to; none when one of the targets is not a profile of ours.
fn target_profiles(element: &'static ProfileElement) -> Vec<&'static Profile> {
    let urls = element.types.iter().filter(|t| t.code == "Reference").flat_map(|t| &t.target_profiles);
    urls.map(|url| canonical::definitions().profile(url)).collect::<Option<Vec<_>>>().unwrap_or_default()
}

/// The resource type that a profile or base definition with this canonical constrains.
pub(super) fn type_of(canonical: &str) -> Option<&'static str> {
    if let Some(profile) = canonical::definitions().profile(canonical) {
        return Some(&profile.type_name);
    }
    let name = canonical.strip_prefix("http://hl7.org/fhir/StructureDefinition/")?;
    fhir::ResourceType::find(name)
        .map(fhir::ResourceType::name)
        .or((name == "Resource").then_some("Resource"))
}
