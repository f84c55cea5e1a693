using Microsoft.CodeAnalysis;

namespace Lovage.Generators;

/// <summary>
/// The types that the analysis knows by name, as one compilation sees them. Types that it does not reference are left
/// out.
/// </summary>
internal sealed class KnownTypes
{
    private readonly HashSet<ISymbol> _background;
    private readonly HashSet<ISymbol> _spawner;
    private readonly HashSet<ISymbol> _request;
    private readonly HashSet<ISymbol> _file;
    private readonly HashSet<ISymbol> _context;
    private readonly HashSet<ISymbol> _host;
    private readonly HashSet<ISymbol> _stream;
    private readonly HashSet<ISymbol> _scoped;
    private readonly HashSet<ISymbol> _provider;
    private readonly HashSet<ISymbol> _scope;
    private readonly HashSet<ISymbol> _routes;
    private readonly HashSet<ISymbol> _services;
    private readonly HashSet<ISymbol> _descriptor;

    internal KnownTypes(Compilation compilation)
    {
        _background = Find("Lovage.BackgroundTasks");
        _spawner = Find("Lovage.TaskSpawner");
        _file = Find("Microsoft.AspNetCore.Http.IFormFile");
        _context = Find("Microsoft.AspNetCore.Http.HttpContext");
        _host = Find("Microsoft.AspNetCore.Mvc.ControllerBase", "Microsoft.AspNetCore.Mvc.RazorPages.PageModel");
        _request = Find(
            "Lovage.BackgroundTasks",
            "Microsoft.AspNetCore.Http.HttpContext",
            "Microsoft.AspNetCore.Http.HttpRequest",
            "Microsoft.AspNetCore.Http.HttpResponse",
            "Microsoft.AspNetCore.Http.IFormFile",
            "Microsoft.AspNetCore.Http.IFormFileCollection",
            "Microsoft.AspNetCore.Http.IHeaderDictionary",
            "Microsoft.AspNetCore.Http.IHttpContextAccessor",
            "Microsoft.AspNetCore.Http.ISession",
            "Microsoft.AspNetCore.Http.EndpointFilterInvocationContext",
            "Microsoft.AspNetCore.Mvc.ActionContext",
            "Microsoft.AspNetCore.Mvc.ControllerBase",
            "Microsoft.AspNetCore.Mvc.RazorPages.PageModel");
        _stream = Find("System.IO.Stream", "System.IO.Pipelines.PipeReader", "System.IO.Pipelines.PipeWriter");
        _scoped = Find(
            "Microsoft.EntityFrameworkCore.DbContext",
            "Microsoft.AspNetCore.Identity.UserManager`1",
            "Microsoft.AspNetCore.Identity.SignInManager`1",
            "Microsoft.AspNetCore.Identity.RoleManager`1");
        _provider = Find("System.IServiceProvider");
        _scope = Find(
            "Microsoft.Extensions.DependencyInjection.IServiceScope",
            "Microsoft.Extensions.DependencyInjection.AsyncServiceScope");
        _routes = Find("Microsoft.AspNetCore.Routing.IEndpointRouteBuilder");
        _services = Find("Microsoft.Extensions.DependencyInjection.IServiceCollection");
        _descriptor = Find("Microsoft.Extensions.DependencyInjection.ServiceDescriptor");

        HashSet<ISymbol> Find(params string[] names) =>
            new(names.SelectMany(name => compilation.GetTypesByMetadataName(name)), SymbolEqualityComparer.Default);
    }

    /// <summary>True when the compilation can start tasks at all.</summary>
    internal bool HasTasks => _background.Count + _spawner.Count > 0;

    // Both are sealed, and every call named Add is asked about.
    internal bool IsBackgroundTasks(ITypeSymbol? type) => type is not null && _background.Contains(type);

    internal bool IsTaskSpawner(ITypeSymbol? type) => type is not null && _spawner.Contains(type);

    /// <summary>True for what lives and dies with the request, and for several uploaded files.</summary>
    internal bool IsRequest(ITypeSymbol? type) => Is(type, _request) || type switch
    {
        IArrayTypeSymbol array => Is(array.ElementType, _file),
        INamedTypeSymbol { Arity: 1, TypeKind: not TypeKind.Delegate } several => Is(several.TypeArguments[0], _file),
        _ => false,
    };

    internal bool IsHttpContext(ITypeSymbol? type) => Is(type, _context);

    /// <summary>True for a controller or page: its members read the request.</summary>
    internal bool IsHost(ITypeSymbol? type) => Is(type, _host);

    /// <summary>True for the framework's own part of a controller or page.</summary>
    internal bool IsHostBase(INamedTypeSymbol type) =>
        IsHost(type)
            && type.ContainingNamespace.ToDisplayString() is "Microsoft.AspNetCore.Mvc"
                or "Microsoft.AspNetCore.Mvc.RazorPages";

    /// <summary>True for what may be the body of the request or the response, if it comes from there.</summary>
    internal bool IsStream(ITypeSymbol? type) => Is(type, _stream);

    /// <summary>True for services that every registration makes scoped.</summary>
    internal bool IsScoped(ITypeSymbol? type) => Is(type, _scoped);

    internal bool IsProvider(ITypeSymbol? type) => Is(type, _provider) || IsScope(type);

    internal bool IsScope(ITypeSymbol? type) => Is(type, _scope);

    /// <summary>True for a method that maps endpoints.</summary>
    internal bool MapsEndpoints(IMethodSymbol method) => Extends(method, _routes);

    /// <summary>True for a method that registers or describes services.</summary>
    internal bool Registers(IMethodSymbol method) =>
        Extends(method, _services) || _descriptor.Contains(method.ContainingType);

    private static bool Extends(IMethodSymbol method, HashSet<ISymbol> types) =>
        (method.ReducedFrom ?? method) is { IsExtensionMethod: true } extension
            && Is(extension.Parameters[0].Type, types);

    private static bool Is(ITypeSymbol? type, HashSet<ISymbol> types) => types.Count > 0 && type switch
    {
        null => false,
        ITypeParameterSymbol open => open.ConstraintTypes.Any(constraint => Is(constraint, types)),
        _ => Types.SelfAndBases(type).Concat(type.AllInterfaces).Any(t => types.Contains(t.OriginalDefinition)),
    };
}
