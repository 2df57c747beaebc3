//! Functions that look something up: `Ref`, `Fn::GetAtt`, `Fn::FindInMap`, `Fn::ImportValue`, `Fn::GetAZs`.

use serde_json::{Value, json};

use super::{Evaluation, Lookup, references, unknown};
use crate::template::{Node, Span};

impl Evaluation<'_> {
    pub(super) fn reference(&mut self, argument: &Node) -> Option<Value> {
        match argument.as_text() {
            Some(name) => self.named(name, argument.span),
            None => self
                .refuse(argument.span, "Template error: every Ref object must have a single String value."),
        }
    }

    /// What a name alone stands for, in `Ref` and in `${…}`.
    pub(super) fn named(&mut self, name: &str, span: Span) -> Option<Value> {
        let pseudo = self.scope.pseudo;
        match name {
            "AWS::NoValue" => return None,
            "AWS::AccountId" => return Some(json!(pseudo.account_id)),
            "AWS::Region" => return Some(json!(pseudo.region)),
            "AWS::Partition" => return Some(json!("aws")),
            "AWS::URLSuffix" => return Some(json!(pseudo.url_suffix)),
            "AWS::StackId" => return Some(json!(pseudo.stack_id)),
            "AWS::StackName" => return Some(json!(pseudo.stack_name)),
            "AWS::NotificationARNs" => return Some(json!(pseudo.notification_arns)),
            _ => {}
        }
        if let Some(parameter) = self.scope.parameters.get(name) {
            self.secret_touched |= parameter.no_echo;
            return Some(parameter.reference());
        }
        let lookup = self.scope.resources.reference(name);
        self.looked_up(lookup, name, span)
    }

    pub(super) fn get_att(&mut self, argument: &Node) -> Option<Value> {
        let Some((resource, attribute)) = references::get_att(argument) else {
            return self.refuse(
                argument.span,
                "Template error: every Fn::GetAtt object requires two non-empty parameters, the resource name and the resource attribute",
            );
        };
        let attribute = match attribute {
            Some(attribute) => attribute,
            None => {
                let inner = argument.as_list().and_then(|items| items.get(1));
                let value = inner.and_then(|node| self.node(node));
                match self.as_text(value, argument.span, "Fn::GetAtt") {
                    Ok(attribute) => attribute,
                    Err(answer) => return answer,
                }
            }
        };
        self.attribute(&resource, &attribute, argument.span)
    }

    pub(super) fn attribute(&mut self, resource: &str, attribute: &str, span: Span) -> Option<Value> {
        let lookup = self.scope.resources.attribute(resource, attribute);
        self.looked_up(lookup, &format!("{resource}.{attribute}"), span)
    }

    fn looked_up(&mut self, lookup: Lookup, what: &str, span: Span) -> Option<Value> {
        match lookup {
            Lookup::Known(value) => Some(value),
            Lookup::Secret(value) => {
                self.secret_touched = true;
                Some(value)
            }
            Lookup::Unknown => Some(unknown(what)),
            Lookup::Missing(why) => self.refuse(span, why),
        }
    }

    pub(super) fn find_in_map(&mut self, argument: &Node) -> Option<Value> {
        let (items, default) = match argument.as_list() {
            Some(items @ [_, _, _]) => (items, None),
            Some([items @ .., options]) if items.len() == 3 && options.member("DefaultValue").is_some() => {
                (items, options.member("DefaultValue"))
            }
            _ => {
                return self.refuse(
                    argument.span,
                    "Template error: every Fn::FindInMap object requires three parameters, the map name, map key and the attribute for return value",
                );
            }
        };
        let mut keys = Vec::with_capacity(3);
        for item in items {
            let value = self.node(item);
            match self.as_text(value, item.span, "Fn::FindInMap") {
                Ok(key) => keys.push(key),
                Err(answer) => return answer,
            }
        }
        let template = self.scope.template;
        let Some(map) = template.mappings.iter().find(|entry| entry.key == keys[0]) else {
            return self.refuse(argument.span, format!("Template error: Mapping named '{}' is not present in the 'Mappings' section of template.", keys[0]));
        };
        match (map.node.member(&keys[1]).and_then(|key| key.member(&keys[2])), default) {
            (Some(found), _) => Some(found.to_value()),
            (None, Some(default)) => self.node(default),
            (None, None) => self.refuse(
                argument.span,
                format!("Template error: Unable to get mapping for {}", keys.join("::")),
            ),
        }
    }

    pub(super) fn import_value(&mut self, argument: &Node) -> Option<Value> {
        let value = self.node(argument);
        let name = match self.as_text(value, argument.span, "Fn::ImportValue") {
            Ok(name) => name,
            Err(answer) => return answer,
        };
        self.imports.insert(name.clone());
        match self.scope.exports.get(&name) {
            Some(value) => Some(json!(value)),
            None => self.refuse(argument.span, format!("No export named {name} found.")),
        }
    }

    /// One house is one zone, whatever the region; it is named as AWS names the first.
    pub(super) fn get_azs(&mut self, argument: &Node) -> Option<Value> {
        let value = self.node(argument);
        match self.as_text(value, argument.span, "Fn::GetAZs") {
            Ok(region) if region.is_empty() => Some(json!([format!("{}a", self.scope.pseudo.region)])),
            Ok(region) => Some(json!([format!("{region}a")])),
            Err(answer) => answer,
        }
    }
}
