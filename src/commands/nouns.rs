//! The first words of commands: an enum for all of them, and the tree of each one by itself.

/// Makes the enum of commands, and `with_noun`, which adds one of them alone to a tree.
///
/// To build the arguments of all commands takes longer than most commands need, and a command line names one.
macro_rules! nouns {
    ($($(#[$attribute:meta])* $noun:ident($arguments:ty)),* $(,)?) => {
        // What to do. As documentation it would take the place of what help says of the program.
        #[derive(Debug, clap::Subcommand)]
        pub(crate) enum Command {
            $($(#[$attribute])* $noun($arguments),)*
        }

        /// Adds the command of this name, and no other, to the tree. `None` for an unknown name and for an alias.
        fn with_noun(tree: clap::Command, name: &str) -> Option<clap::Command> {
            $({
                #[derive(clap::Subcommand)]
                enum Only {
                    $(#[$attribute])* $noun($arguments),
                }
                if <Only as clap::Subcommand>::has_subcommand(name) {
                    return Some(<Only as clap::Subcommand>::augment_subcommands(tree));
                }
            })*
            None
        }
    };
}

pub(super) use nouns;
