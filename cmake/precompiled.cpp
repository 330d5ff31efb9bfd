// Nothing but the owner of a precompiled header (IntertieModule.cmake).
