//! Which script a file in a named folder is of: many scripts are called `index.js`, and folders are not always those of the scripts.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::finder::{base_name, in_packages, steps};
use super::sources::path_of;

/// The scripts of a program, and the files whose script is known.
pub(super) struct Owners {
    /// Names of the scripts, by their last step. Those of packages are known by where they are.
    scripts: HashMap<String, Vec<String>>,
    files: HashMap<PathBuf, Owner>,
}

/// The script that has most steps at its end in common with the file, and another of which that is true as well.
struct Owner {
    script: Option<String>,
    other: Option<String>,
}

impl Owners {
    pub(super) fn new(all: &[String]) -> Self {
        let mut scripts: HashMap<String, Vec<String>> = HashMap::new();
        for script in all.iter().filter(|script| in_packages(&steps(&path_of(script))) == 0) {
            scripts.entry(base_name(&path_of(script)).to_owned()).or_default().push(script.clone());
        }
        Self { scripts, files: HashMap::new() }
    }

    /// Whether the file is this script's.
    ///
    /// # Errors
    /// That it cannot be known.
    pub(super) fn is_of(&mut self, file: &Path, script: &str) -> Result<bool, String> {
        let path = path_of(script);
        if in_packages(&steps(&path)) > 0 {
            return Ok(true);
        }
        let scripts = self.scripts.get(base_name(&path)).map_or(&[][..], Vec::as_slice);
        let Owner { script: owner, other } = self.files.entry(file.to_owned()).or_insert_with(|| owner(file, scripts));
        match (owner, other) {
            (Some(owner), Some(other)) if owner == script || other == script => Err(format!(
                "may be of {owner} or of {other}: name a folder in which they are in folders of their own, as the scripts are"
            )),
            (Some(owner), _) => Ok(owner == script),
            (None, _) => Ok(true),
        }
    }
}

fn owner(file: &Path, scripts: &[String]) -> Owner {
    let file = file.to_string_lossy().into_owned();
    let (file, mut most, mut owner) = (steps(&file), 0, Owner { script: None, other: None });
    for script in scripts {
        let path = path_of(script);
        let common = file.iter().rev().zip(steps(&path).iter().rev()).take_while(|(a, b)| a == b).count();
        if common > most {
            (most, owner) = (common, Owner { script: Some(script.clone()), other: None });
        } else if common == most {
            owner.other.get_or_insert_with(|| script.clone());
        }
    }
    owner
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gives_a_file_to_the_script_that_has_most_of_its_path() {
        let all = ["/app/dist/index.js", "/app/dist/a/index.js", "/srv/b/index.js", "/app/node_modules/a/index.js"];
        let mut owners = Owners::new(&all.map(str::to_owned));
        let mut of = |file, script| owners.is_of(Path::new(file), script);
        assert_eq!(of("/maps/a/index.js", all[1]), Ok(true));
        assert_eq!(of("/x/dist/index.js", all[0]), Ok(true));
        assert_eq!(of("/x/dist/index.js", all[1]), Ok(false));
        assert_eq!(of("/x/dist/index.js", all[2]), Ok(false));
        assert!(of("/maps/index.js", all[0]).is_err_and(|reason| reason.contains(all[1])));
        assert_eq!(of("/maps/node_modules/a/index.js", all[3]), Ok(true));
        assert_eq!(of("/maps/main.js", "/app/main.js"), Ok(true));
    }
}
