//! The public surface of the library, name by name, as the sources declare it.

use std::collections::BTreeSet;

use syn::{ImplItem, Item, UseTree, Visibility};

use super::source_graph::{Module, SourceGraph, is_for_tests, name};

/// All items that another crate can name, sorted: `struct tc::Client`, `fn tc::Client::call`.
pub fn public_items(graph: &SourceGraph) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    list_module(graph, &graph.modules[graph.by_path[&Vec::new()]], "tc", &mut found);
    found
}

fn list_module(graph: &SourceGraph, module: &Module, prefix: &str, found: &mut BTreeSet<String>) {
    for item in &module.syntax.items {
        match item {
            Item::Mod(child) if is_public(&child.vis) && !is_for_tests(&child.attrs) => {
                let child = name(&child.ident);
                let path = [module.path.as_slice(), std::slice::from_ref(&child)].concat();
                found.insert(format!("mod {prefix}::{child}"));
                list_module(graph, &graph.modules[graph.by_path[&path]], &format!("{prefix}::{child}"), found);
            }
            Item::Use(import) if is_public(&import.vis) => {
                list_import(graph, module, &import.tree, &[], prefix, found);
            }
            _ => list_item(graph, module, item, None, prefix, found),
        }
    }
}

fn list_import(
    graph: &SourceGraph,
    module: &Module,
    tree: &UseTree,
    before: &[String],
    prefix: &str,
    found: &mut BTreeSet<String>,
) {
    let (last, shown) = match tree {
        UseTree::Path(path) => {
            let before = [before, &[name(&path.ident)]].concat();
            return list_import(graph, module, &path.tree, &before, prefix, found);
        }
        UseTree::Group(group) => {
            return group.items.iter().for_each(|tree| list_import(graph, module, tree, before, prefix, found));
        }
        UseTree::Name(last) => (name(&last.ident), name(&last.ident)),
        UseTree::Rename(last) => (name(&last.ident), name(&last.rename)),
        UseTree::Glob(_) => panic!("{}: a public glob hides what is public", module.file),
    };
    let path = module.rooted(&[before, &[last]].concat());
    match graph.resolve(&path, 0) {
        Some((home, original)) => {
            let items = home.syntax.items.iter();
            items.for_each(|item| list_item(graph, home, item, Some((&original, &shown)), prefix, found));
        }
        None => {
            found.insert(format!("use {prefix}::{shown} ({})", path.join("::")));
        }
    }
}

/// Lists `item` where it is public; with `only`, when it has the first name, as the second one.
fn list_item(
    graph: &SourceGraph,
    module: &Module,
    item: &Item,
    only: Option<(&str, &str)>,
    prefix: &str,
    found: &mut BTreeSet<String>,
) {
    let (kind, visibility, ident) = match item {
        Item::Const(item) => ("const", &item.vis, &item.ident),
        Item::Enum(item) => ("enum", &item.vis, &item.ident),
        Item::Fn(item) => ("fn", &item.vis, &item.sig.ident),
        Item::Static(item) => ("static", &item.vis, &item.ident),
        Item::Struct(item) => ("struct", &item.vis, &item.ident),
        Item::Trait(item) => ("trait", &item.vis, &item.ident),
        Item::Type(item) => ("type", &item.vis, &item.ident),
        _ => return,
    };
    let original = name(ident);
    if !is_public(visibility) || only.is_some_and(|(only, _)| only != original) {
        return;
    }
    let path = format!("{prefix}::{}", only.map_or(original.as_str(), |(_, shown)| shown));
    found.insert(format!("{kind} {path}"));
    match item {
        Item::Enum(item) => {
            found.extend(item.variants.iter().map(|variant| format!("variant {path}::{}", variant.ident)));
        }
        Item::Struct(item) => {
            let fields =
                item.fields.iter().filter(|field| is_public(&field.vis)).filter_map(|field| field.ident.as_ref());
            found.extend(fields.map(|field| format!("field {path}::{field}")));
        }
        Item::Trait(item) => {
            found.extend(item.items.iter().filter_map(|item| match item {
                syn::TraitItem::Fn(function) => Some(format!("fn {path}::{}", function.sig.ident)),
                _ => None,
            }));
        }
        _ => {}
    }
    list_methods(graph, module, &original, &path, found);
}

/// Public methods and constants of a type, in whichever file they are.
fn list_methods(graph: &SourceGraph, home: &Module, original: &str, path: &str, found: &mut BTreeSet<String>) {
    for module in &graph.modules {
        for block in module.syntax.items.iter().filter_map(|item| match item {
            Item::Impl(block) if block.trait_.is_none() => Some(block),
            _ => None,
        }) {
            let syn::Type::Path(target) = &*block.self_ty else { continue };
            let segments: Vec<String> = target.path.segments.iter().map(|segment| name(&segment.ident)).collect();
            let is_it = graph
                .definition(module, &segments)
                .is_some_and(|(found, name)| found.file == home.file && name == original);
            if !is_it {
                continue;
            }
            found.extend(block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(item) if is_public(&item.vis) => Some(format!("fn {path}::{}", item.sig.ident)),
                ImplItem::Const(item) if is_public(&item.vis) => Some(format!("const {path}::{}", item.ident)),
                _ => None,
            }));
        }
    }
}

fn is_public(visibility: &Visibility) -> bool {
    matches!(visibility, Visibility::Public(_))
}
