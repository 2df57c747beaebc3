//! `useDotenv: true`: `.env.<stage>`, or else `.env`, adds to the environment what is not in it already
//! (Serverless Framework v3, "Resolution of environment variables").

use super::{Resolver, Site};
use crate::diagnostics::Diagnostic;

impl Resolver<'_> {
    /// The stage and the switch are resolved first, without the file; what they asked the environment for may
    /// therefore not stand in the file.
    pub(super) fn load_dotenv(&mut self) {
        self.below(&[String::from("useDotenv")], 0);
        let Some(switch) = self.root.get("useDotenv").filter(|node| node.is_truthy()) else { return };
        let place = switch.place;
        let site = Site { path: &[], place, depth: 0 };
        let Ok(stage) = self.stage(site) else { return };
        for name in [format!(".env.{stage}"), String::from(".env")] {
            let text = match self.files.text(&name) {
                Ok(Some((_, text))) => text,
                Ok(None) => continue,
                Err(reason) => {
                    self.problems.push(Diagnostic::error(place, reason));
                    return;
                }
            };
            self.add_to_env(&name, &text, place);
            return;
        }
    }

    fn add_to_env(&mut self, name: &str, text: &str, place: crate::place::Place) {
        for line in dotenvy::from_read_iter(text.as_bytes()) {
            let (key, value) = match line {
                Ok(pair) => pair,
                Err(error) => {
                    self.problems.push(Diagnostic::error(place, format!("{name}: {error}")));
                    return;
                }
            };
            if self.missing_env.contains(&key) {
                let message =
                    format!("{name} sets {key}, which was needed to find out that {name} is to be read");
                self.problems.push(Diagnostic::error(place, message));
            }
            self.given.env.entry(key).or_insert(value);
        }
    }
}
