module.exports =
  'livekit-switchboard was installed without being built: its prepare script was not run ' +
  '(ignore-scripts). Allow scripts for it and install it again, or install the tarball that ' +
  'npm pack makes in a clone.';
