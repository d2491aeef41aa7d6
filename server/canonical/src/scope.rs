//! Scopes: from the flat rows of the structures to what may stand below a resource, a data type or a backbone element,
//! <https://hl7.org/fhir/R4/elementdefinition.html#path>.
//!
//! Choices (`value[x]`) and content references are resolved here, once, so that nobody else has to.

use std::collections::HashMap;

use crate::structure::{Child, Element, Kind, ScopeId, Structure};
use crate::tables::StructureRow;

/// What is directly below one scope.
#[derive(Debug, Default)]
pub struct Scope {
    /// In the order of the definition.
    pub elements: &'static [&'static Element],
    /// By JSON property.
    pub children: HashMap<Box<str>, Child>,
}

/// A row's element, and whose children it has.
struct Placed {
    element: &'static Element,
    content_reference: Option<String>,
}

/// The structures and, by number, their scopes. A scope that a row names but nobody has is an error in the file.
pub fn build(rows: Vec<StructureRow>) -> Result<(Vec<Structure>, Vec<Scope>), String> {
    let ids = Ids::assign(&rows);
    let mut scopes: Vec<Scope> = (0..ids.count).map(|_| Scope::default()).collect();
    let mut structures = Vec::with_capacity(rows.len());
    for row in rows {
        let scope = ids.by_path.get(row.name.as_str()).copied();
        let mut below: Vec<(ScopeId, Vec<Placed>)> = Vec::new();
        let types_of: HashMap<_, _> =
            row.elements.iter().map(|e| (e.path.clone(), e.types.clone())).collect();
        for element in row.elements {
            let (parent, name) = element.path.rsplit_once('.').ok_or_else(|| element.path.clone())?;
            let parent = *ids.by_path.get(parent).ok_or_else(|| element.path.clone())?;
            let types = match &element.content_reference {
                None => element.types,
                Some(path) => types_of.get(path).cloned().ok_or_else(|| element.path.clone())?,
            };
            let name = name.to_owned();
            let element_ref: &'static Element = Box::leak(Box::new(Element {
                path: element.path,
                name,
                min: element.min,
                max: element.max,
                types,
                binding: element.binding,
                is_modifier: element.is_modifier,
                is_summary: element.is_summary,
                constraints: element.constraints,
            }));
            let placed = Placed { element: element_ref, content_reference: element.content_reference };
            match below.iter_mut().find(|(scope, _)| *scope == parent) {
                Some((_, elements)) => elements.push(placed),
                None => below.push((parent, vec![placed])),
            }
        }
        for (parent, elements) in below {
            let scope = &mut scopes[parent.0 as usize];
            for placed in &elements {
                ids.add_children(placed, &mut scope.children)?;
            }
            scope.elements = elements.iter().map(|placed| placed.element).collect::<Vec<_>>().leak();
        }
        structures.push(Structure {
            name: row.name,
            url: row.url,
            kind: row.kind,
            is_abstract: row.is_abstract,
            base: row.base,
            scope,
            regex: row.regex,
            constraints: row.constraints,
        });
    }
    Ok((structures, scopes))
}

/// The numbers of the scopes, by the path of the element that has them; those of a whole type by its name.
struct Ids {
    by_path: HashMap<String, ScopeId>,
    primitives: Vec<String>,
    count: u32,
}

impl Ids {
    fn assign(rows: &[StructureRow]) -> Self {
        let mut ids = Self { by_path: HashMap::new(), primitives: Vec::new(), count: 0 };
        for row in rows {
            if row.kind == Kind::PrimitiveType {
                ids.primitives.push(row.name.clone());
                continue;
            }
            ids.add(&row.name);
            for element in &row.elements {
                if let Some((parent, _)) = element.path.rsplit_once('.') {
                    ids.add(parent);
                }
            }
        }
        ids
    }

    fn add(&mut self, path: &str) {
        if !self.by_path.contains_key(path) {
            self.by_path.insert(path.to_owned(), ScopeId(self.count));
            self.count += 1;
        }
    }

    /// One child for an element; for a choice, one for each type.
    fn add_children(&self, placed: &Placed, children: &mut HashMap<Box<str>, Child>) -> Result<(), String> {
        let element = placed.element;
        let stem = element.name.strip_suffix("[x]");
        if stem.is_none() && element.types.len() != 1 {
            return Err(format!("{} has {} types", element.path, element.types.len()));
        }
        let own_children = placed.content_reference.as_ref().unwrap_or(&element.path);
        for element_type in &element.types {
            let type_name = element_type.code.as_str();
            let scope = match self.by_path.get(own_children) {
                Some(scope) => Some(*scope),
                None if type_name == "Resource" || self.primitives.iter().any(|p| p == type_name) => None,
                None => Some(
                    *self.by_path.get(type_name).ok_or_else(|| format!("{}: {type_name}", element.path))?,
                ),
            };
            let property = match stem {
                None => element.name.clone(),
                Some(stem) => format!("{stem}{}", capitalised(type_name)),
            };
            children.insert(property.into_boxed_str(), Child { element, type_name, scope });
        }
        Ok(())
    }
}

/// `dateTime` as it stands in `valueDateTime`.
fn capitalised(type_name: &str) -> String {
    let mut letters = type_name.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}
