//! Whether a code is in a value set, <https://hl7.org/fhir/R4/valueset-operation-validate-code.html>.
//!
//! Asked of each include by itself, so that there is an answer too where the value set cannot be expanded in full.

use super::compose::Include;
use super::expand::Budget;
use super::filter::Filters;
use super::{Coded, Terminology, Unknown, ValueSetDefinition};
use crate::without_version;

/// Imports deeper than this are taken for a circle.
const MAX_IMPORTS: usize = 16;
/// How many value sets and includes are looked at for one question.
const MAX_STEPS: usize = 20_000;

/// One question, and how much may still be looked at to answer it.
struct Question<'q> {
    /// `None`: a code of any system.
    system: Option<&'q str>,
    code: &'q str,
    steps: usize,
}

impl Terminology {
    /// The code as the value set with this canonical url has it; `None` when it is not in it. Without a system, the first of
    /// that text.
    ///
    /// # Errors
    /// What is not here and would have to be to say so.
    pub fn member(
        &self,
        canonical: &str,
        system: Option<&str>,
        code: &str,
    ) -> Result<Option<Coded<'_>>, Unknown> {
        let mut question = Question { system: system.map(without_version), code, steps: MAX_STEPS };
        self.member_within(canonical, MAX_IMPORTS, &mut question)
    }

    fn member_within(
        &self,
        canonical: &str,
        imports: usize,
        question: &mut Question<'_>,
    ) -> Result<Option<Coded<'_>>, Unknown> {
        let too_deep = || Unknown::TooCostly(canonical.to_owned());
        let imports = imports.checked_sub(1).ok_or_else(too_deep)?;
        question.steps = question.steps.checked_sub(1).ok_or_else(too_deep)?;
        match self.value_set(canonical) {
            Some(value_set) => self.member_of(value_set, imports, question),
            None => {
                let coded = self.expand(canonical)?.into_iter().find(|coded| question.is(coded));
                Ok(coded)
            }
        }
    }

    fn member_of<'a>(
        &'a self,
        value_set: &'a ValueSetDefinition,
        imports: usize,
        question: &mut Question<'_>,
    ) -> Result<Option<Coded<'a>>, Unknown> {
        let Some(compose) = &value_set.compose else {
            let codes = self.expand_definition(value_set, imports, &Budget::of(&value_set.url))?;
            return Ok(codes.into_iter().find(|coded| question.is(coded)));
        };
        let mut unknown = None;
        let mut found = None;
        for include in &compose.include {
            match self.member_of_include(include, imports, question) {
                Ok(Some(coded)) => {
                    found = Some(coded);
                    break;
                }
                Ok(None) => {}
                Err(why) => unknown = unknown.or(Some(why)),
            }
        }
        let Some(found) = found else { return unknown.map_or(Ok(None), Err) };
        let mut excluded = Question { system: Some(found.system), code: found.code, steps: question.steps };
        for exclude in &compose.exclude {
            if self.member_of_include(exclude, imports, &mut excluded)?.is_some() {
                return Ok(None);
            }
        }
        question.steps = excluded.steps;
        Ok(Some(found))
    }

    fn member_of_include<'a>(
        &'a self,
        include: &'a Include,
        imports: usize,
        question: &mut Question<'_>,
    ) -> Result<Option<Coded<'a>>, Unknown> {
        let mut found = None;
        if let Some(system) = include.system.as_deref() {
            if question.system.is_some_and(|asked| asked != without_version(system)) {
                return Ok(None);
            }
            found = if include.concept.is_empty() {
                self.member_of_system(include, question.code)?
            } else {
                self.listed(system, include).find(|coded| question.is(coded))
            };
            if found.is_none() {
                return Ok(None);
            }
        }
        for import in &include.value_set {
            match self.member_within(import, imports, question)? {
                Some(coded) => found = found.or(Some(coded)),
                None => return Ok(None),
            }
        }
        Ok(found)
    }

    fn member_of_system<'a>(&'a self, include: &Include, code: &str) -> Result<Option<Coded<'a>>, Unknown> {
        let code_system = self.system_of(include)?;
        match code_system.concept(code) {
            Some(concept) if Filters::of(&include.filter)?.pass(code_system, concept)? => {
                Ok(Some(Coded::of(code_system, concept)))
            }
            None if !code_system.is_complete() => Err(Unknown::content(code_system)),
            _ => Ok(None),
        }
    }
}

impl Question<'_> {
    fn is(&self, coded: &Coded<'_>) -> bool {
        coded.code == self.code && self.system.is_none_or(|system| system == coded.system)
    }
}
