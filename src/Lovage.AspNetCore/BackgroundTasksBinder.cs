using System.Diagnostics.CodeAnalysis;
using Microsoft.AspNetCore.Mvc.ModelBinding;
using Microsoft.AspNetCore.Mvc.ModelBinding.Validation;

namespace Lovage.AspNetCore;

/// <summary>
/// Gives a controller's action or a page's handler the list of its request. In an app without Lovage its error says
/// what to add.
/// </summary>
[SuppressMessage("Performance", "CA1812", Justification = "Made by MVC.")]
internal sealed class BackgroundTasksBinder : IModelBinder
{
    public Task BindModelAsync(ModelBindingContext bindingContext)
    {
        var tasks = BackgroundTasks.Of(bindingContext.HttpContext);
        bindingContext.ValidationState.Add(tasks, new ValidationStateEntry { SuppressValidation = true });
        bindingContext.Result = ModelBindingResult.Success(tasks);
        return Task.CompletedTask;
    }
}

/// <summary>
/// Tells MVC that the type is neither the request's body nor made of its values. API descriptions then list no
/// parameter for it.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class BoundByRequestAttribute : Attribute, IBinderTypeProviderMetadata
{
    public Type BinderType => typeof(BackgroundTasksBinder);

    public BindingSource BindingSource => BindingSource.Services;
}
