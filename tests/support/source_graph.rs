//! Which file of `src` uses what another one defines: read from the sources, re-exports followed to the definition.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use syn::visit::{self, Visit};

/// So many re-exports may lie between a name and its definition.
const LONGEST_REEXPORT: usize = 16;

/// The files of a crate and the arrows between them.
pub struct SourceGraph {
    pub(super) modules: Vec<Module>,
    /// By module path, such as `["commands", "group"]`; the root is the empty path.
    pub(super) by_path: HashMap<Vec<String>, usize>,
}

/// One file, which is one module.
pub(super) struct Module {
    /// Relative to `src`.
    pub(super) file: String,
    /// From the crate's root, such as `["commands", "group"]`.
    pub(super) path: Vec<String>,
    pub(super) syntax: syn::File,
    /// Names that are defined in this file.
    pub(super) items: HashSet<String>,
    /// Names that `use` brings in, with the whole path that each stands for.
    imports: HashMap<String, Vec<String>>,
    /// Modules whose names are all brought in.
    globs: Vec<Vec<String>>,
    /// Paths of two and more segments, and names of one, that occur in the code.
    mentions: BTreeSet<Vec<String>>,
    /// A file that is compiled for tests alone.
    for_tests: bool,
}

impl SourceGraph {
    /// Reads all sources below `src`.
    pub fn read(src: &Path) -> Self {
        let mut modules: Vec<Module> = rust_files(src).iter().map(|file| Module::read(src, file)).collect();
        let tests: HashSet<Vec<String>> = modules.iter().flat_map(|module| module.test_children()).collect();
        for module in &mut modules {
            module.for_tests = tests.contains(&module.path);
        }
        let by_path = modules.iter().enumerate().map(|(index, module)| (module.path.clone(), index)).collect();
        Self { modules, by_path }
    }

    /// All files, relative to `src`, but for those of tests.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.modules.iter().filter(|module| !module.for_tests).map(|module| module.file.as_str())
    }

    /// For each file those whose definitions it uses.
    pub fn arrows(&self) -> BTreeMap<&str, BTreeSet<&str>> {
        let live = self.modules.iter().filter(|module| !module.for_tests);
        live.map(|module| {
            let used = module.mentions.iter().filter_map(|path| self.definition(module, path)).map(|(used, _)| used);
            // What a module defines for the files below it is no arrow: they are parts of it.
            let used = used.filter(|used| !module.path.starts_with(&used.path) && !used.for_tests);
            let used = used.map(|used| used.file.as_str());
            (module.file.as_str(), used.collect())
        })
        .collect()
    }

    /// Groups of files that reach each other, each group sorted.
    pub fn circles(&self) -> Vec<Vec<String>> {
        let arrows = self.arrows();
        let reached: BTreeMap<&str, BTreeSet<&str>> =
            arrows.keys().map(|start| (*start, reachable(start, &arrows))).collect();
        let mut circles: BTreeSet<Vec<String>> = BTreeSet::new();
        for (file, others) in &reached {
            let mut circle: Vec<String> =
                others.iter().filter(|other| reached[**other].contains(*file)).map(ToString::to_string).collect();
            if circle.iter().any(|other| other != file) {
                circle.push((*file).to_owned());
                circle.sort();
                circle.dedup();
                circles.insert(circle);
            }
        }
        circles.into_iter().collect()
    }

    /// The file that defines what `path` means in `module`, and the name there; none for what is not ours, and for a bare
    /// module.
    pub(super) fn definition<'a>(&'a self, module: &'a Module, path: &[String]) -> Option<(&'a Module, String)> {
        let (first, rest) = path.split_first()?;
        if let Some(imported) = module.imports.get(first) {
            let whole: Vec<String> = imported.iter().chain(rest).cloned().collect();
            return self.resolve(&whole, 0);
        }
        if module.items.contains(first) {
            return Some((module, first.clone()));
        }
        let absolute: Vec<String> = [module.path.as_slice(), path].concat();
        if self.by_path.contains_key(&absolute[..=module.path.len()]) {
            return self.resolve(&absolute, 0);
        }
        module.globs.iter().filter(|glob| self.by_path.contains_key(*glob)).find_map(|glob| {
            let whole = [glob.as_slice(), path].concat();
            self.resolve(&whole, 0).filter(|(found, _)| found.items.contains(first))
        })
    }

    /// Follows a path from the crate's root to the file that defines its first name that is no module.
    pub(super) fn resolve(&self, path: &[String], depth: usize) -> Option<(&Module, String)> {
        // `use x::y` beside a name `x` that is not ours would lead to itself.
        if depth == LONGEST_REEXPORT {
            return None;
        }
        let mut module = &self.modules[*self.by_path.get(&Vec::new())?];
        for (at, name) in path.iter().enumerate() {
            if let Some(child) = self.by_path.get(&path[..=at]).filter(|_| module.path == path[..at]) {
                module = &self.modules[*child];
                continue;
            }
            if module.items.contains(name) {
                return Some((module, name.clone()));
            }
            let rest = &path[at + 1..];
            if let Some(imported) = module.imports.get(name) {
                return self.resolve(&[imported.as_slice(), rest].concat(), depth + 1);
            }
            let ours = module.globs.iter().filter(|glob| self.by_path.contains_key(*glob));
            let through = ours.map(|glob| [glob.as_slice(), &path[at..]].concat());
            return through.filter_map(|whole| self.resolve(&whole, depth + 1)).next();
        }
        None
    }
}

impl Module {
    fn read(src: &Path, file: &Path) -> Self {
        let relative = file.strip_prefix(src).unwrap();
        let mut path: Vec<String> =
            relative.with_extension("").iter().map(|part| part.to_str().unwrap().into()).collect();
        if matches!(path.last().map(String::as_str), Some("mod" | "lib" | "main"))
            && (path.len() > 1 || path[0] == "lib")
        {
            path.pop();
        }
        let text = fs::read_to_string(file).unwrap();
        let syntax = syn::parse_file(&text).unwrap_or_else(|fault| panic!("{}: {fault}", file.display()));
        let mut module = Self {
            file: relative.to_str().unwrap().to_owned(),
            path,
            syntax: syn::File { shebang: None, attrs: Vec::new(), items: Vec::new() },
            items: HashSet::new(),
            imports: HashMap::new(),
            globs: Vec::new(),
            mentions: BTreeSet::new(),
            for_tests: false,
        };
        module.visit_file(&syntax);
        Self { syntax, ..module }
    }

    /// Modules below this one that exist for tests alone, as it declares them.
    fn test_children(&self) -> Vec<Vec<String>> {
        let marked = self.items.iter().filter_map(|item| item.strip_prefix("#test "));
        marked.map(|name| self.path.iter().cloned().chain([name.to_owned()]).collect()).collect()
    }

    /// The path from the crate's root that a path of this file stands for, when it says so by itself.
    fn absolute(&self, path: &[String]) -> Option<Vec<String>> {
        let mut base = self.path.clone();
        let mut rest = path;
        match path.first()?.as_str() {
            "crate" => return Some(path[1..].to_vec()),
            "self" => rest = &path[1..],
            "super" => {
                while rest.first().is_some_and(|first| first == "super") {
                    base.pop();
                    rest = &rest[1..];
                }
            }
            _ => return None,
        }
        Some([base.as_slice(), rest].concat())
    }

    /// A path of this file from the crate's root, as far as that can be told from here.
    pub(super) fn rooted(&self, path: &[String]) -> Vec<String> {
        self.absolute(path).unwrap_or_else(|| [self.path.as_slice(), path].concat())
    }

    fn import(&mut self, tree: &syn::UseTree, before: &[String]) {
        match tree {
            syn::UseTree::Path(path) => {
                let before = [before, &[name(&path.ident)]].concat();
                self.import(&path.tree, &before);
            }
            syn::UseTree::Group(group) => group.items.iter().for_each(|tree| self.import(tree, before)),
            syn::UseTree::Name(last) => self.import_as(&name(&last.ident), &name(&last.ident), before),
            syn::UseTree::Rename(last) => self.import_as(&name(&last.ident), &name(&last.rename), before),
            syn::UseTree::Glob(_) => {
                self.globs.push(self.rooted(before));
            }
        }
    }

    fn import_as(&mut self, last: &str, alias: &str, before: &[String]) {
        let path = if last == "self" { before.to_vec() } else { [before, &[last.to_owned()]].concat() };
        let alias = if alias == "self" { before.last().cloned().unwrap_or_default() } else { alias.to_owned() };
        // `use act::perform` beside `mod act;` is a path of this module, and so is all that is not ours.
        self.imports.insert(alias, self.rooted(&path));
    }

    fn mention(&mut self, path: Vec<String>) {
        let path = match self.absolute(&path) {
            Some(whole) => {
                // Kept under a name that no source can hold.
                let alias = format!("#{}", whole.join("::"));
                self.imports.insert(alias.clone(), whole);
                vec![alias]
            }
            None => path,
        };
        self.mentions.insert(path);
    }

    /// Paths in the arguments of a macro, which are tokens only.
    fn mention_tokens(&mut self, tokens: TokenStream) {
        let mut path: Vec<String> = Vec::new();
        let mut colons = 0;
        for token in tokens {
            match token {
                TokenTree::Ident(ident) => {
                    if colons != 2 && !path.is_empty() {
                        let done = std::mem::take(&mut path);
                        self.mention(done);
                    }
                    path.push(name(&ident));
                    colons = 0;
                }
                TokenTree::Punct(punct) if punct.as_char() == ':' => colons += 1,
                other => {
                    if let TokenTree::Group(group) = other {
                        self.mention_tokens(group.stream());
                    }
                    colons = 0;
                    if !path.is_empty() {
                        let done = std::mem::take(&mut path);
                        self.mention(done);
                    }
                }
            }
        }
        if !path.is_empty() {
            self.mention(path);
        }
    }
}

impl<'ast> Visit<'ast> for Module {
    fn visit_item(&mut self, item: &'ast syn::Item) {
        let (attributes, ident) = described(item);
        if is_for_tests(attributes) {
            if let syn::Item::Mod(module) = item {
                self.items.insert(format!("#test {}", module.ident));
            }
            return;
        }
        if let Some(ident) = ident {
            self.items.insert(name(ident));
        }
        match item {
            syn::Item::Use(import) => self.import(&import.tree, &[]),
            _ => visit::visit_item(self, item),
        }
    }

    fn visit_impl_item_fn(&mut self, item: &'ast syn::ImplItemFn) {
        if !is_for_tests(&item.attrs) {
            visit::visit_impl_item_fn(self, item);
        }
    }

    fn visit_path(&mut self, path: &'ast syn::Path) {
        self.mention(path.segments.iter().map(|segment| name(&segment.ident)).collect());
        visit::visit_path(self, path);
    }

    fn visit_macro(&mut self, call: &'ast syn::Macro) {
        self.visit_path(&call.path);
        self.mention_tokens(call.tokens.clone());
    }
}

fn described(item: &syn::Item) -> (&[syn::Attribute], Option<&syn::Ident>) {
    match item {
        syn::Item::Const(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Enum(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Fn(item) => (&item.attrs, Some(&item.sig.ident)),
        syn::Item::Macro(item) => (&item.attrs, item.ident.as_ref()),
        syn::Item::Static(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Struct(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Trait(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Type(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Union(item) => (&item.attrs, Some(&item.ident)),
        syn::Item::Impl(item) => (&item.attrs, None),
        syn::Item::Mod(item) => (&item.attrs, None),
        syn::Item::Use(item) => (&item.attrs, None),
        _ => (&[], None),
    }
}

/// Compiled for tests alone, or for tests and fuzz targets.
pub(super) fn is_for_tests(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| match &attribute.meta {
        syn::Meta::List(list) if list.path.is_ident("cfg") => {
            ["test", "any(fuzzing,test)"].contains(&list.tokens.to_string().replace(' ', "").as_str())
        }
        _ => false,
    })
}

/// The name without `r#`.
pub(super) fn name(ident: &proc_macro2::Ident) -> String {
    ident.to_string().trim_start_matches("r#").to_owned()
}

fn reachable<'a>(start: &str, arrows: &BTreeMap<&'a str, BTreeSet<&'a str>>) -> BTreeSet<&'a str> {
    let mut reached = BTreeSet::new();
    let mut open: Vec<&str> = arrows[start].iter().copied().collect();
    while let Some(next) = open.pop() {
        if reached.insert(next) {
            open.extend(&arrows[next]);
        }
    }
    reached
}

fn rust_files(directory: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
